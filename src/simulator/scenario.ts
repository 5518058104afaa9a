/** Scenario: a world to simulate: everything about it, and everything that arrives in it. */
import type { Load } from "../workload/load.ts";
import type { Setting } from "./setting.ts";

/** Limits are the setting's: there may be more than two. */
export type SimulatedLoad = Pick<Load, "tasks" | "tenants" | "seconds" | "measuredFromMs">;

export interface Scenario {
  readonly load: SimulatedLoad;
  readonly setting: Setting;
  /** Demand over budget, at the limit that binds most. */
  readonly scale: number;
  /** What the load was made from, e.g. the name of a trace. */
  readonly source: string;
}
