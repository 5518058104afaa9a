/** Routes: which upstream and model serve a name that a client asks for. */
import type { Config } from "../../config/config.ts";
import type { WireFormat } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { matchesAny } from "../account/glob.ts";
import type { Upstream } from "./upstream.ts";

export interface Route {
  readonly upstream: Upstream;
  /** The model to send; null: the request names none. */
  readonly model: string | null;
}

/** A request is translated for an upstream of the other format, rather than sent to one that lacks its model. */
const OTHER: Readonly<Record<WireFormat, WireFormat>> = {
  openai: "anthropic",
  anthropic: "openai",
};

/** By the path below the gateway. */
export function wireFormatOf(path: string): WireFormat {
  return /^\/v1\/messages(?:[/?]|$)/.test(path) ? "anthropic" : "openai";
}

/**
 * Exact alias, then `upstream/model`, then an upstream whose limits or aliases name it (of the same
 * format before the other), then the first listed upstream that speaks the format.
 *
 * `isTranslated`: the request may go to an upstream of the other format.
 *
 * @throws SluiceError `model_not_found` when nothing serves it.
 */
export function routeModel(
  name: string | null,
  format: WireFormat,
  config: Config,
  upstreams: ReadonlyMap<string, Upstream>,
  isTranslated = false,
): Route {
  const route =
    (name === null ? null : (byAlias(name, config, upstreams) ?? byPrefix(name, upstreams))) ??
    (name === null ? null : byMention(name, format, config, upstreams)) ??
    (name === null || !isTranslated ? null : byMention(name, OTHER[format], config, upstreams)) ??
    firstSpeaking(format, name, upstreams);
  if (route === null) {
    const asked = name === null ? "" : ` for the model ${JSON.stringify(name.slice(0, 200))}`;
    throw new SluiceError("model_not_found", `no upstream speaks the ${format} format${asked}`);
  }
  return route;
}

/** What a name means to one upstream: an alias of its own becomes its model, all else stays. */
export function nameAt(upstream: Upstream, name: string | null, { models }: Config): string | null {
  const candidate = name === null ? undefined : models.get(name)?.[0];
  return candidate?.upstream === upstream.name ? candidate.model : name;
}

function byAlias(
  name: string,
  { models }: Config,
  upstreams: ReadonlyMap<string, Upstream>,
): Route | null {
  const candidate = models.get(name)?.[0];
  const upstream = candidate && upstreams.get(candidate.upstream);
  return upstream ? { upstream, model: candidate.model } : null;
}

function byPrefix(name: string, upstreams: ReadonlyMap<string, Upstream>): Route | null {
  const slash = name.indexOf("/");
  const upstream = slash > 0 ? upstreams.get(name.slice(0, slash)) : undefined;
  return upstream ? { upstream, model: name.slice(slash + 1) } : null;
}

function byMention(
  name: string,
  format: WireFormat,
  { models }: Config,
  upstreams: ReadonlyMap<string, Upstream>,
): Route | null {
  const aliased = [...models.values()].flat();
  for (const upstream of upstreams.values()) {
    if (!speaks(upstream, format)) continue;
    const isLimited = (upstream.config.limits ?? []).some(
      ({ selector }) => selector.models !== null && matchesAny(selector.models, name),
    );
    const isAliased = aliased.some(
      (candidate) => candidate.upstream === upstream.name && candidate.model === name,
    );
    if (isLimited || isAliased) return { upstream, model: name };
  }
  return null;
}

function firstSpeaking(
  format: WireFormat,
  model: string | null,
  upstreams: ReadonlyMap<string, Upstream>,
): Route | null {
  for (const upstream of upstreams.values()) {
    if (speaks(upstream, format)) return { upstream, model };
  }
  return null;
}

function speaks(upstream: Upstream, format: WireFormat): boolean {
  return upstream.dialect.wireFormat === format;
}
