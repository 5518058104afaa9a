/** Refusals: what an instance has refused since its last step, by path and band, to be told with the next. */
import { type Demand, demandOf } from "../../../core/demand.ts";
import type { RefusedOperation } from "../../store.ts";
import type { CountedRequests, SharedPath } from "./entry.ts";

const UNITS = "units:";

export class Refusals {
  /** At most one for each path and band, whose number is bounded. */
  readonly #sums = new Map<string, CountedRequests>();
  readonly #onTold: (told: CountedRequests) => void;

  /** @param onTold a step is being made that tells of these */
  constructor(onTold: (told: CountedRequests) => void) {
    this.#onTold = onTold;
  }

  /** True: the first since the last step, so the next one has to ask for `take`. */
  add(refused: CountedRequests): boolean {
    const name = nameOf(refused);
    const known = this.#sums.get(name);
    const { path, band } = refused;
    const count = refused.count + (known?.count ?? 0);
    const demand = sumOf(path, known === undefined ? [refused] : [known, refused]);
    this.#sums.set(name, { path, band, demand, count });
    return known === undefined;
  }

  /** All that is to be told of a path and band. */
  take(of: Pick<CountedRequests, "path" | "band">): RefusedOperation {
    const name = nameOf(of);
    const sum = this.#sums.get(name) ?? { ...of, demand: demandOf({}), count: 0 };
    this.#sums.delete(name);
    this.#onTold(sum);
    return { ...sum, kind: "refused", path: sum.path.key };
  }

  /** A store that has forgotten this instance is not told of what was refused before. */
  clear(): void {
    this.#sums.clear();
  }
}

function nameOf({ path, band }: Pick<CountedRequests, "path" | "band">): string {
  return `${band}|${path.key}`;
}

/** Clients name units, so only those that a limit counts are kept. */
function sumOf({ meters }: SharedPath, requests: readonly { readonly demand: Demand }[]): Demand {
  const sum = (of: (demand: Demand) => number) =>
    requests.reduce((total, { demand }) => total + of(demand), 0);
  const names = meters
    .map(({ dimension }) => dimension)
    .filter((dimension) => dimension.startsWith(UNITS))
    .map((dimension) => dimension.slice(UNITS.length));
  return {
    requests: sum(({ requests: amount }) => amount),
    tokens: sum(({ tokens }) => tokens),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    usd: sum(({ usd }) => usd),
    units: Object.fromEntries(names.map((name) => [name, sum(({ units }) => units[name] ?? 0)])),
  };
}
