/** Google Ads: operations per day for a developer token, which all its users share; the wait stands in the failure's details. */
import type { RequestView } from "../../core/dialect.ts";
import { platform } from "../platforms/platform.ts";
import { lengthAt } from "../units/records.ts";
import { codeTable } from "../verdicts/verdict-rules.ts";
import { GOOGLE_RULES } from "./rules.ts";

export const googleAds = platform({
  name: "google-ads",
  units: { names: ["operations"], foresee: (request) => ({ operations: operationsOf(request) }) },
  repeatablePosts: /\/googleAds:search(?:Stream)?$/,
  rules: {
    ...GOOGLE_RULES,
    codes: new Map([
      ...(GOOGLE_RULES.codes ?? []),
      ...codeTable({
        RESOURCE_TEMPORARILY_EXHAUSTED: { class: "quota", dimension: "requests" },
        CONCURRENT_MODIFICATION: "transient",
        TRANSIENT_ERROR: "transient",
      }),
    ]),
    // Operations of the developer token are counted per day, those of an account per second.
    dimensions: [{ pattern: /^number of operations/, dimension: "requests_per_day" }],
    quotaDimension: "requests",
  },
});

/** Each of a mutation's operations counts; a search is one, however much it finds. */
function operationsOf({ body }: RequestView): number {
  return lengthAt(body, "operations") ?? lengthAt(body, "mutateOperations") ?? 1;
}
