/** Place: where a load is simulated: an account, its limits, and who is served first. */
import { type Config, loadConfig } from "../../config/index.ts";
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import { bandTable } from "../../runtime/policy/bands.ts";
import type { SimulatedDialect } from "../provider/rules.ts";
import type { Setting } from "../setting.ts";

export interface Place {
  readonly config: Config;
  readonly dialect: SimulatedDialect;
  /** Null: they follow from the load. */
  readonly limits: readonly LimitRule[] | null;
  /** The model that is asked for here, where a recording names this one or none. */
  modelOf(recorded: string | null): string | null;
}

/** Tiers and policy as they are when nothing is configured. */
export function defaultPlace(dialect: SimulatedDialect): Place {
  const object = {
    upstreams: { provider: { dialect: "generic", base_url: "http://127.0.0.1" } },
  };
  const loaded = loadConfig({ object, env: {} });
  if (!loaded.ok) throw new Error("the defaults are not a configuration");
  return { config: loaded.config, dialect, limits: null, modelOf: (recorded) => recorded };
}

/** What of a setting a configuration decides. */
export function policyOf({ policy, tiers, ...rest }: Config) {
  const { margin, holdback } = policy;
  const kept = margin.kind === "learned" ? margin.initial : margin.share;
  return {
    tiers: [...tiers.values()].map(({ name, weight, maxWaitMs }) => ({ name, weight, maxWaitMs })),
    bands: bandTable({ policy, tiers, ...rest }),
    margin: margin.kind === "learned" ? ("auto" as const) : margin.share,
    /** Nobody lives off what was saved, nor waits until what is never spent has come in. */
    initialShare: kept + holdback,
  } satisfies Partial<Setting>;
}

/** An account's two limits a minute. */
export function minuteLimits(rpm: number, tpm: number): LimitRule[] {
  return [minuteLimit("requests", rpm), minuteLimit("tokens", tpm)];
}

function minuteLimit(dimension: "requests" | "tokens", amount: number): LimitRule {
  return {
    selector: { models: null, project: null, key: null, each: false },
    dimension,
    amount: Math.max(1, Math.round(amount)),
    perMs: 60_000,
    window: "bucket",
    resetsAt: null,
    timeZone: null,
  };
}
