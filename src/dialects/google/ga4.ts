/** Google Analytics 4: the Data API counts quota tokens per day and hour; the Measurement Protocol takes anything with 2xx. */
import { platform } from "../platforms/platform.ts";
import { PROPERTY_UNITS, propertyOf } from "./property-quota.ts";
import { GOOGLE_RULES } from "./rules.ts";

export const ga4 = platform({
  name: "ga4",
  // Reports only read. Events of `/mp/collect` would count twice.
  repeatablePosts: /:(?:run|batchRun|check)[A-Za-z]{1,40}$/,
  rules: {
    ...GOOGLE_RULES,
    dimensions: [
      { pattern: /concurrent requests/, dimension: "concurrency" },
      {
        pattern: /tokens? (?:for a property )?per day|tokens per day/,
        dimension: "tokens_per_day",
      },
      { pattern: /property tokens|tokens per (?:project per )?hour/, dimension: "tokens" },
      { pattern: /thresholded requests|user rate limit/, dimension: "requests" },
      { pattern: /daily limit|requests? .{0,40}per day/, dimension: "requests_per_day" },
    ],
    quotaDimension: "requests",
  },
  units: PROPERTY_UNITS,
  scopeOf: propertyOf,
});
