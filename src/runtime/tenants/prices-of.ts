/** Prices of: the price table that a configuration makes. */
import type { Config } from "../../config/config.ts";
import type { Price } from "../../core/quota/price.ts";
import { PriceTable } from "../../prices/price-table.ts";

export function pricesOf({ models, prices }: Config): PriceTable {
  const priced = new Map<string, Price>();
  for (const { upstream, model, price } of [...models.values()].flat()) {
    if (price !== null) priced.set(`${upstream}/${model}`, price);
  }
  return new PriceTable(priced, prices);
}
