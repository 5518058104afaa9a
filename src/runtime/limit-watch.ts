/** Limit watch: tells what headers have taught of an upstream's limits. */
import type { LearnedLimit, LimitDifference } from "../core/budget/options.ts";

/** A limit that no configured one covers; it is kept from now on. */
export interface LimitLearnedEvent extends LearnedLimit {
  readonly upstream: string;
}

/** A configured limit that the provider says is lower: the lower one holds. */
export interface LimitDiffersEvent extends LimitDifference {
  readonly upstream: string;
}

export class LimitWatch {
  onLearned: (event: LimitLearnedEvent) => void = () => {};
  onDiffers: (event: LimitDiffersEvent) => void = () => {};

  learned(upstream: string, limits: readonly LearnedLimit[]): void {
    for (const limit of limits) this.onLearned({ upstream, ...limit });
  }

  differ(upstream: string, differences: readonly LimitDifference[]): void {
    for (const difference of differences) this.onDiffers({ upstream, ...difference });
  }
}
