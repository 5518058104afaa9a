/** Books: what a gateway has charged to its meters, beside what its provider has. */
import { expect } from "vitest";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import type { MockServer } from "../../src/mock/index.ts";

const NAMES = {
  rpm: "requests",
  tpm: "tokens",
  itpm: "input_tokens",
  otpm: "output_tokens",
} as const;

export type LimitName = keyof typeof NAMES;
export type Limits = Partial<Record<LimitName, number>>;

export interface Entry {
  readonly name: string;
  /** What we have charged more than the provider has, in units; negative: too little. */
  readonly excess: number;
  readonly capacity: number;
}

/**
 * Opens the books of an account; the answer compares them, to the unit and however busy the machine
 * is: what was charged does not depend on time, and answers that correct a level change no charge.
 */
export function openBooks(
  { runtime }: Pick<Gateway, "runtime">,
  mock: MockServer,
  upstream: string,
  limits: Limits,
): () => Entry[] {
  const meters = runtime.upstreams.get(upstream)?.shared.meters ?? [];
  return () => {
    const { charged } = mock.stats();
    return Object.entries(limits).map(([name, capacity]) => {
      const dimension = NAMES[name as LimitName];
      const ours = meters.find(({ label }) => label.dimension === dimension)?.charged ?? Number.NaN;
      return { name: `${upstream} ${name}`, excess: ours / MICRO_UNITS - charged[name], capacity };
    });
  };
}

/** We never think that there is more than there is, nor much less: shares of the capacity. */
export function expectTrue(entries: readonly Entry[], below: number, above = 0.01): void {
  for (const { name, excess, capacity } of entries) {
    expect(excess / capacity, `${name}: charged too little`).toBeGreaterThan(-below);
    expect(excess / capacity, `${name}: charged too much`).toBeLessThan(above);
  }
}
