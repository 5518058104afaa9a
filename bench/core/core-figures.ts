/** Core figures: enqueue, grant and settle in the pure scheduler, few and very many waiting. */
import { demandOf } from "../../src/core/demand.ts";
import { Bucket } from "../../src/core/meter/bucket.ts";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
import { Slots } from "../../src/core/meter/slots.ts";
import { Scheduler } from "../../src/core/scheduler/scheduler.ts";

const START = 1_700_000_000_000_000;
const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const DEMAND = demandOf({ requests: 1, tokens: 500, inputTokens: 400, outputTokens: 100 });

interface Ref {
  handle: number;
}

export interface World {
  readonly waiting: number;
  readonly tenants: number;
}

/** A second. */
export interface Speed {
  /** Of enqueue and grant. */
  readonly pairs: number;
  /** Of enqueue, grant and settlement. */
  readonly rounds: number;
}

/** A scheduler with six limits, three bands, and this many waiting. */
export class LoadedScheduler {
  readonly #scheduler: Scheduler;
  readonly #enqueueNext: () => void;
  #now = START;

  constructor({ waiting, tenants }: World) {
    const scheduler = new Scheduler(
      {
        bands: ["real-time", "near-real-time", "batch"].map((latency) => ({
          tier: "all",
          latency,
        })),
        guarantees: [],
        holdback: 0.05,
        margin: 0.1,
        maxWaiting: 4_000_000,
      },
      START,
    );
    const path = scheduler.path(sixLimits());
    const owners = Array.from({ length: tenants }, (_, i) =>
      scheduler.tenant({ id: `tenant-${i}`, weight: 1 + (i % 4), meters: [] }),
    );
    let next = 0;
    this.#scheduler = scheduler;
    this.#enqueueNext = () => {
      const i = next++;
      const reference: Ref = { handle: -1 };
      const answer = scheduler.enqueue(
        {
          tenant: owners[(i * 7_919) % tenants],
          path,
          band: i % 3,
          demand: DEMAND,
          expiresAt: this.#now + HOUR,
          deadline: null,
          isChainStep: false,
          reference,
        },
        this.#now,
      );
      if (answer.kind === "refused") throw new Error(answer.code);
      reference.handle = answer.handle;
    };
    for (let i = 0; i < waiting; i++) this.#enqueueNext();
  }

  /** Over at least `count`: each ticket is granted, settled, and a new one queued. */
  speed(count: number): Speed {
    const started = performance.now();
    let settlingMs = 0;
    let done = 0;
    while (done < count) {
      this.#now += 100;
      const { granted } = this.#scheduler.pump(this.#now);
      const grantedAt = performance.now();
      for (const reference of granted as Ref[]) {
        this.#scheduler.settle(reference.handle, DEMAND, this.#now);
      }
      settlingMs += performance.now() - grantedAt;
      for (let i = 0; i < granted.length; i++) this.#enqueueNext();
      done += granted.length;
    }
    const ms = performance.now() - started;
    return { pairs: (done / (ms - settlingMs)) * 1_000, rounds: (done / ms) * 1_000 };
  }
}

/** Ample, so that the order is what costs and not the limits. */
function sixLimits() {
  const bucket = (
    dimension: "requests" | "tokens" | "input_tokens",
    selector: string,
    amount: number,
  ) =>
    new Bucket({
      label: { dimension, selector },
      capacity: amount * MICRO_UNITS,
      per: SECOND,
      now: START,
      initialShare: 1,
    });
  return [
    bucket("requests", "account", 4_000_000),
    bucket("tokens", "account", 2_000_000_000),
    bucket("requests", "model", 4_000_000),
    bucket("tokens", "model", 2_000_000_000),
    bucket("input_tokens", "account", 2_000_000_000),
    new Slots({ dimension: "concurrency", selector: "account" }, 1_000_000 * MICRO_UNITS),
  ];
}
