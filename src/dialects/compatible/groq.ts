/** Groq: requests in headers are always per day, tokens per minute; what comes from the cache does not count. */
import { familyReadings, xRateLimit } from "../hints/header-families.ts";
import { DAY_MS, MINUTE_MS } from "../hints/rate-reading.ts";
import { compatible } from "./compatible.ts";

export const groq = compatible({
  name: "groq",
  ledger: { output: "most", counted: "used-uncached" },
  readings: familyReadings([
    xRateLimit("requests", { dimension: "requests", perMs: DAY_MS, resetMeaning: "full" }),
    xRateLimit("tokens", { dimension: "tokens", perMs: MINUTE_MS, resetMeaning: "full" }),
  ]),
  rules: {
    // 498: no flex capacity. 413 comes with code rate_limit_exceeded: more was asked for than the limit holds.
    statuses: new Map([[498, "overload"]]),
  },
});
