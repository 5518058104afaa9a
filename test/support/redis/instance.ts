/** Instance: one life of an instance at a store, step by step, at times that the test gives. */
import type { Redis } from "ioredis";
import { keysOf } from "../../../src/stores/redis/connection.ts";
import {
  decodeReply,
  encodeRequest,
  type StepOperation,
  type StepOptions,
  type StepReply,
} from "../../../src/stores/redis/messages.ts";
import { readScript } from "../../../src/stores/redis/script.ts";
import type { Operation } from "../../../src/stores/store.ts";
import { T0 } from "../meters.ts";
import { KEY, OPTIONS } from "./queues.ts";

/** Time of a virtual Redis; may be set back and forth, as clocks are. */
export class RedisTime {
  now = T0;
}

export class Instance {
  readonly name: string;
  /** The script it runs; a test may damage it. */
  source = readScript().source;
  readonly #redis: Redis;
  readonly #time: { readonly now: number | null };
  #number = 0;
  #answeredAt: number | null = null;
  asksForReport = false;
  isNewest = false;

  readonly #options: StepOptions;

  /** @param time a `now` of null is Redis's own time */
  constructor(
    redis: Redis,
    time: { readonly now: number | null },
    name: string,
    options: StepOptions = OPTIONS,
  ) {
    this.#options = options;
    this.#redis = redis;
    this.#time = time;
    this.name = name;
  }

  /** @param ownTime microseconds by this instance's own clock; null: it does not tell */
  async step(
    operations: readonly StepOperation[] = [],
    ownTime: number | null = null,
  ): Promise<StepReply> {
    const reply = await this.#send(operations, this.#number + 1, ownTime);
    if (!reply.isUnknown) this.#number++;
    this.#answeredAt = ownTime;
    return reply;
  }

  /** Sends the batch before this one again, as after an answer that was lost. */
  repeat(operations: readonly Operation[] = []): Promise<StepReply> {
    return this.#send(operations, this.#number, null);
  }

  async #send(
    operations: readonly StepOperation[],
    number: number,
    ownTime: number | null,
  ): Promise<StepReply> {
    const elapsed =
      ownTime === null || this.#answeredAt === null ? null : ownTime - this.#answeredAt;
    const { now } = this.#time;
    const request = {
      instance: this.name,
      number,
      elapsed,
      operations,
      report: this.asksForReport ? 0 : null,
      isNewest: this.isNewest,
      isWhole: true,
      options: this.#options,
      now,
    };
    const bytes = encodeRequest(request);
    const reply = await this.#redis.callBuffer("EVAL", this.source, ...keysOf(KEY), bytes);
    return decodeReply(reply as Buffer);
  }
}
