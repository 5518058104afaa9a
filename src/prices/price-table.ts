/** Price table: what a model costs: by the configuration, by the user's own file, by the shipped list prices. */
import type { Price } from "../core/quota/price.ts";
import shipped from "./prices.json" with { type: "json" };

interface Written {
  readonly input: number;
  readonly output: number;
  readonly cached_input?: number;
}

const LIST_PRICES: ReadonlyMap<string, Price> = new Map(
  Object.entries(shipped.models as Readonly<Record<string, Written>>).map(
    ([model, { input, output, cached_input: cachedInput = input }]) => [
      model,
      { input, output, cachedInput },
    ],
  ),
);

/** Models come from clients: no more of them are remembered. */
const REMEMBERED = 2_000;

/** Dates, versions and `latest` that providers append to a model's name. */
const VERSION = /(?:-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{4}|-latest|-preview|@[\w-]+|-v\d+(?::\d+)?)$/;
/** What platforms put before it: `models/`, `us.anthropic.`, `openai/`. */
const VENDOR = /^(?:.*\/|(?:[a-z]{2,6}\.)?(?:anthropic|meta|mistral|amazon|cohere|deepseek)\.)/;

/** USD per million tokens, by upstream and model; the first that has it: `priced`, `own`, the shipped list. */
export class PriceTable {
  readonly #own: ReadonlyMap<string, Price>;
  /** `upstream/model`, from the candidates of the configuration. */
  readonly #priced: ReadonlyMap<string, Price>;
  readonly #found = new Map<string, Price | null>();

  constructor(priced: ReadonlyMap<string, Price>, own: ReadonlyMap<string, Price>) {
    this.#priced = priced;
    this.#own = own;
  }

  /** Null: unknown. */
  priceOf(upstream: string, model: string): Price | null {
    const key = `${upstream}/${model}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const price = this.#priced.get(key) ?? this.#listed(model);
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.set(key, price);
    return price;
  }

  #listed(model: string): Price | null {
    for (const name of namesOf(model)) {
      const price = this.#own.get(name) ?? LIST_PRICES.get(name);
      if (price !== undefined) return price;
    }
    return null;
  }
}

/** The name as it is, then with less and less of what is appended, then the same without what stands before. */
function namesOf(model: string): string[] {
  const bare = model.replace(VENDOR, "");
  return [...versionsOf(model), ...(bare === model ? [] : versionsOf(bare))];
}

function versionsOf(name: string): string[] {
  const shorter = name.replace(VERSION, "");
  return shorter === name ? [name] : [name, ...versionsOf(shorter)];
}
