/** Account share: by what the instances of an account share it, and what happens while that is away. */
import type { FailurePolicy } from "../../../config/config.ts";
import type { LatencyClass } from "../../../core/task.ts";
import type { Connection } from "../../../stores/redis/connection.ts";

export interface AccountShare {
  readonly connection: Connection;
  /** One hash tag an account, e.g. `{sluice:openai}`. */
  readonly key: string;
  /** Of this instance, unique among all that ever live. */
  readonly instance: string;
  readonly onFailure: Readonly<Record<LatencyClass, FailurePolicy>>;
  readonly onLeaseLoss: "abort" | "continue";
  /** The store is silent, serves the account again, or is down and the safe share is used. */
  readonly onState: (state: ShareState) => void;
}

/** `shared`: the store decides; `silent`: nothing new is sent; `down`: the safe share is used. */
export type ShareState = "shared" | "silent" | "down";
