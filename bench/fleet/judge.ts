/** Judge: reads a log of grants in Redis's own order and counts those that were out of order. */

interface Waiter {
  readonly band: number;
  readonly path: number;
  /** requests, tokens, input tokens, output tokens, money; micro-units. */
  readonly demand: readonly number[];
  readonly eligibleAt: number;
  readonly owner: string;
}

/** level, wait for a rest or pace, margin, holdback, capacity. */
type MeterState = readonly [number, number, number, number, number];

export interface Verdict {
  readonly grants: number;
  readonly byGuarantee: number;
  /** Grants while a registered waiter of a higher band fitted all its meters. */
  readonly inversions: number;
  /** Grants that left a meter below zero. */
  readonly overdrawn: number;
}

const UNIT = 1_000_000;
const COLUMNS = ["requests", "tokens", "input_tokens", "output_tokens", "usd"];

export function judge(lines: readonly string[]): Verdict {
  const paths = new Map<number, { readonly meters: number[]; readonly kinds: string[] }>();
  const waiting = new Map<string, Waiter>();
  let verdict = { grants: 0, byGuarantee: 0, inversions: 0, overdrawn: 0 };

  const amountsOf = ({ path, demand }: Waiter) => {
    const { meters, kinds } = paths.get(path) ?? { meters: [], kinds: [] };
    return meters.map((meter, i) => {
      const column = COLUMNS.indexOf(kinds[i]);
      return { meter, amount: kinds[i] === "concurrency" ? UNIT : (demand[column] ?? 0) };
    });
  };
  const fits = (waiter: Waiter, states: readonly MeterState[]) =>
    amountsOf(waiter).every(({ meter, amount }) => {
      const [level, wait, kept, held, capacity] = states[meter - 1];
      const floor = kept + (waiter.band === 0 ? 0 : held);
      const needed = Math.min(amount + floor, Math.max(amount, capacity));
      return amount === 0 || (wait === 0 && level >= needed);
    });

  for (const line of lines) {
    const [kind, ...rest] = JSON.parse(line) as [string, ...unknown[]];
    if (kind === "lost") {
      waiting.clear();
      paths.clear();
    } else if (kind === "path") {
      const [number, meters, kinds] = rest as [number, number[], string[]];
      paths.set(number, { meters, kinds });
    } else if (kind === "in") {
      const [, member, band, path, ...more] = rest as [
        number,
        string,
        number,
        number,
        ...unknown[],
      ];
      const [eligibleAt, owner] = more.slice(5) as [number, string];
      waiting.set(member, { band, path, demand: more.slice(0, 5) as number[], eligibleAt, owner });
    } else if (kind === "out") waiting.delete(rest[0] as string);
    else if (kind === "dead") {
      for (const [member, { owner }] of waiting) if (owner === rest[0]) waiting.delete(member);
    } else {
      const [now, member, isByGuarantee, states] = rest as [number, string, boolean, MeterState[]];
      const granted = waiting.get(member);
      if (granted === undefined) throw new Error(`a grant to ${member}, which does not wait`);
      const isEligible = (waiter: Waiter) => waiter.band < granted.band && waiter.eligibleAt <= now;
      const isPassed = [...waiting.values()].some((one) => isEligible(one) && fits(one, states));
      const isOverdrawn = amountsOf(granted).some(
        ({ meter, amount }) => amount > 0 && states[meter - 1][0] < amount,
      );
      verdict = {
        grants: verdict.grants + 1,
        byGuarantee: verdict.byGuarantee + (isByGuarantee ? 1 : 0),
        inversions: verdict.inversions + (isPassed && !isByGuarantee ? 1 : 0),
        overdrawn: verdict.overdrawn + (isOverdrawn ? 1 : 0),
      };
    }
  }
  return verdict;
}
