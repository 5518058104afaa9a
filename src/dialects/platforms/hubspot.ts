/** HubSpot: a rolling window of ten seconds and a daily limit, each with headers of its own; `policyName` tells which bound. */
import { familyReadings } from "../hints/header-families.ts";
import { DAY_MS } from "../hints/rate-reading.ts";
import { recordsIn } from "../units/records.ts";
import { platform } from "./platform.ts";

const TEN_SECONDS_MS = 10_000;

export const hubspot = platform({
  name: "hubspot",
  readings: familyReadings([
    {
      dimension: "requests",
      perMs: TEN_SECONDS_MS,
      limit: "x-hubspot-ratelimit-max",
      remaining: "x-hubspot-ratelimit-remaining",
      resetMeaning: "rolling",
    },
    {
      dimension: "requests",
      perMs: DAY_MS,
      limit: "x-hubspot-ratelimit-daily",
      remaining: "x-hubspot-ratelimit-daily-remaining",
      resetMeaning: "window",
    },
  ]),
  units: recordsIn("inputs"),
  // Searches and batch reads change nothing; an upsert by id does the same twice.
  repeatablePosts: /\/(?:search|batch\/read|batch\/upsert)\/?$/,
  rules: {
    // 477: the account is being moved to another data centre.
    statuses: new Map([[477, "transient"]]),
    dimensions: [
      { pattern: /ten secondly rolling|\bsecondly\b/, dimension: "requests" },
      { pattern: /^concurren/, dimension: "concurrency" },
    ],
    quotaDimension: "requests",
  },
});
