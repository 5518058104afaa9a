/** Books: what a gateway has charged to its meters, beside what its provider has. */
import { expect } from "vitest";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { stateOf } from "../../src/gateway/state.ts";
import type { MockServer } from "../../src/mock/index.ts";
import { type GatewayState, meterIn } from "./gateway.ts";

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
 * Opens the books of an account whose meters are not full, and must not be until they are compared:
 * a full one would hide what was charged too little. The answer compares them, to the unit and
 * however busy the machine is.
 */
export function openBooks(
  { runtime }: Pick<Gateway, "runtime">,
  mock: MockServer,
  upstream: string,
  limits: Limits,
): () => Entry[] {
  const before = stateOf(runtime);
  return () => {
    const after = stateOf(runtime);
    const { charged } = mock.stats();
    return Object.entries(limits).map(([name, capacity]) => {
      const ours = chargedBetween(before, after, upstream, NAMES[name as LimitName]);
      return { name: `${upstream} ${name}`, excess: ours - charged[name], capacity };
    });
  };
}

/** Levels between two states, less the refill. */
function chargedBetween(
  before: GatewayState,
  after: GatewayState,
  upstream: string,
  dimension: string,
): number {
  const first = meterIn(before, upstream, dimension);
  const last = meterIn(after, upstream, dimension);
  expect(last.level, `${dimension} must not be full`).toBeLessThan(last.limit);
  const refill = (last.limit * (after.now - before.now)) / 60_000;
  return first.level + refill - last.level;
}

/** We never think that there is more than there is, nor much less: shares of the capacity. */
export function expectTrue(entries: readonly Entry[], below: number, above = 0.01): void {
  for (const { name, excess, capacity } of entries) {
    expect(excess / capacity, `${name}: charged too little`).toBeGreaterThan(-below);
    expect(excess / capacity, `${name}: charged too much`).toBeLessThan(above);
  }
}
