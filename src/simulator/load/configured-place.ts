/** Configured place: the account that a configuration describes, as far as it can be simulated. */
import type { Config, UpstreamConfig } from "../../config/config.ts";
import { SluiceError } from "../../core/errors.ts";
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import { isCountedBy } from "../limits.ts";
import { SIMULATED_DIALECTS, type SimulatedDialect } from "../provider/rules.ts";
import type { Place } from "./place.ts";

/** What a simulated request is made of; money and a platform's own units are not known of it. */
const DIMENSIONS = new Set(["requests", "tokens", "input_tokens", "output_tokens", "concurrency"]);

/**
 * Of the first upstream with limits, as its first credential meets them.
 *
 * @throws SluiceError `invalid_request` if there is none.
 */
export function configuredPlace(config: Config, file: string): Place {
  for (const upstream of config.upstreams.values()) {
    const limits = limitsOf(upstream);
    if (limits.length === 0) continue;
    const asked = modelOf(config, upstream);
    return {
      config,
      dialect: dialectOf(upstream),
      limits,
      modelOf: (recorded) => (isKnown(limits, recorded) ? recorded : asked),
    };
  }
  const found = [...config.upstreams.keys()].join(", ") || "no upstream";
  throw new SluiceError(
    "invalid_request",
    `${file}: upstreams: found ${found} without limits that can be simulated; allowed: at least one upstream with limits in requests, tokens or parallel requests`,
  );
}

function limitsOf({ limits, credentials }: UpstreamConfig): LimitRule[] {
  const credential = credentials[0] ?? { name: null, project: null };
  return (limits ?? [])
    .filter(({ dimension }) => DIMENSIONS.has(dimension))
    .filter(({ selector: { project, key } }) => {
      const isOfProject = project === null || project === credential.project;
      return isOfProject && (key === null || key === credential.name);
    })
    .map((limit) => ({ ...limit, selector: { ...limit.selector, project: null, key: null } }));
}

/** The best model of the first alias that is served here. */
function modelOf({ models }: Config, { name }: UpstreamConfig): string | null {
  for (const candidates of models.values()) {
    const own = candidates.find(({ upstream }) => upstream === name);
    if (own !== undefined) return own.model;
  }
  return null;
}

/** Does a limit of its own count this model? */
function isKnown(limits: readonly LimitRule[], model: string | null): boolean {
  return limits.some((limit) => limit.selector.models !== null && isCountedBy(limit, model));
}

/** What speaks neither is counted as most APIs count. */
function dialectOf({ dialect }: UpstreamConfig): SimulatedDialect {
  return SIMULATED_DIALECTS.find((known) => known === dialect) ?? "generic";
}
