/** Shadow figures: what the scheduler would have done, counted by tier since the start. */
import type { AskRefusal } from "../account/ask.ts";
import { WaitHistogram } from "./wait-histogram.ts";

export interface ShadowTier {
  /** Requests that would have been sent, at once or after a wait. */
  readonly granted: number;
  /** Of those; null: there were none. */
  readonly wouldWaitMs: { readonly p50: number | null; readonly p99: number | null };
  readonly wouldRefuse: Partial<Readonly<Record<AskRefusal["code"], number>>>;
  /** Refusals for quota that the provider has really answered with. */
  readonly upstream429: number;
}

interface Counted {
  granted: number;
  readonly waits: WaitHistogram;
  readonly wouldRefuse: Partial<Record<AskRefusal["code"], number>>;
  upstream429: number;
}

export class ShadowFigures {
  /** Tiers come from configurations, so they are few. */
  readonly #byTier = new Map<string, Counted>();

  countGrant(tier: string, waitMs: number): void {
    const counted = this.#of(tier);
    counted.granted++;
    counted.waits.add(waitMs);
  }

  countRefusal(tier: string, code: AskRefusal["code"]): void {
    const { wouldRefuse } = this.#of(tier);
    wouldRefuse[code] = (wouldRefuse[code] ?? 0) + 1;
  }

  countUpstream429(tier: string): void {
    this.#of(tier).upstream429++;
  }

  /** In the order of `tiers`, those that nobody has used yet too. */
  state(tiers: Iterable<string>): Readonly<Record<string, ShadowTier>> {
    return Object.fromEntries([...tiers].map((tier) => [tier, stateOf(this.#of(tier))]));
  }

  #of(tier: string): Counted {
    const known = this.#byTier.get(tier);
    if (known) return known;
    const none = { granted: 0, waits: new WaitHistogram(), wouldRefuse: {}, upstream429: 0 };
    this.#byTier.set(tier, none);
    return none;
  }
}

function stateOf({ granted, waits, wouldRefuse, upstream429 }: Counted): ShadowTier {
  const wouldWaitMs = { p50: waits.quantile(0.5), p99: waits.quantile(0.99) };
  return { granted, wouldWaitMs, wouldRefuse, upstream429 };
}
