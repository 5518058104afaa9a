/** Resolve upstreams: limits as rules, defaults that give way. */
import type { CandidateConfig, UpstreamConfig } from "../config.ts";
import { withDataCentre } from "../data-centre.ts";
import type { CheckedConfig } from "../schema/config-schema.ts";
import type { KeyFiles } from "../source/key-files.ts";
import { limitRules } from "./limit-rules.ts";
import { credentialsOf, resolveAuth } from "./resolve-auth.ts";

type CheckedUpstream = CheckedConfig["upstreams"][string];

export function resolveUpstream(
  name: string,
  upstream: CheckedUpstream,
  keyFiles: KeyFiles,
): UpstreamConfig {
  return {
    name,
    dialect: upstream.dialect,
    baseUrl: withDataCentre(upstream.dialect, upstream.base_url),
    credentials: credentialsOf(upstream),
    auth: resolveAuth(upstream, keyFiles),
    limits: upstream.limits ? limitRules(name, upstream.limits) : null,
    headers: upstream.headers,
    retryUnsafe: upstream.retry_unsafe,
    adaptive: adaptiveOf(upstream.adaptive),
  };
}

/** Defaults give way to what is written: `max: 5` alone must not start at 10. */
function adaptiveOf({ initial, min, max }: CheckedUpstream["adaptive"]) {
  const least = Math.min(min, max);
  return { initial: Math.min(Math.max(initial, least), max), min: least, max };
}

export function resolveCandidate(
  candidate: CheckedConfig["models"][string][number],
): CandidateConfig {
  const { upstream, model, quality = null, price, context = null } = candidate;
  if (price === undefined) return { upstream, model, quality, price: null, context };
  const { input, output, cached_input: cachedInput = input } = price;
  return { upstream, model, quality, price: { input, output, cachedInput }, context };
}
