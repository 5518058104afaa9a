/** Foreign: somebody else on the same account, in a Poisson stream of requests like ours. */
import type { LoadTask } from "../../workload/load.ts";
import type { Provider } from "../provider/provider.ts";
import { draw, PURPOSE } from "./draw.ts";

export interface ForeignOptions {
  readonly tasks: readonly LoadTask[];
  readonly groups: Int32Array;
  readonly provider: Provider;
  readonly seed: number;
  /** Share of the limits that is asked for. */
  readonly share: number;
  /** How long the budget needs to supply a task. */
  readonly poolSecondsOf: (task: LoadTask) => number;
}

export class Foreign {
  readonly #options: ForeignOptions;
  readonly #meanGap: number;
  #count = 0;

  constructor(options: ForeignOptions) {
    const { tasks, share, poolSecondsOf } = options;
    const sum = tasks.reduce((total, task) => total + poolSecondsOf(task), 0);
    this.#options = options;
    this.#meanGap = share > 0 ? ((sum / tasks.length) * 1_000_000) / share : Infinity;
  }

  /** When the next one comes; Infinity: never. */
  nextAfter(now: number): number {
    if (this.#meanGap === Number.POSITIVE_INFINITY) return this.#meanGap;
    const share = draw(this.#options.seed, PURPOSE.foreignGap, ++this.#count);
    return now + Math.ceil(-Math.log(1 - share) * this.#meanGap);
  }

  arrive(now: number): void {
    const { tasks, groups, provider, seed } = this.#options;
    const like = Math.floor(draw(seed, PURPOSE.foreignSize, this.#count) * tasks.length);
    provider.admitForeign(tasks[like], groups[like], now);
  }
}
