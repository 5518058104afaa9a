/** HubSpot-like: a window that looks back, by arithmetic of its own. */
import type { Counting } from "../counting-provider.ts";

/** Ten seconds that look back, and a day; told in headers, and read by nobody else's arithmetic. */
export class HubSpotLike implements Counting {
  readonly #taken: number[] = [];
  served = 0;
  refused = 0;

  arrive({ nowMs }: { readonly nowMs: number }) {
    while (this.#taken.length > 0 && this.#taken[0] <= nowMs - 10_000) this.#taken.shift();
    const remaining = Math.max(0, 100 - this.#taken.length - 1);
    const headers = {
      "x-hubspot-ratelimit-max": "100",
      "x-hubspot-ratelimit-remaining": String(remaining),
      "x-hubspot-ratelimit-daily": "250000",
      "x-hubspot-ratelimit-daily-remaining": String(250_000 - this.served - 1),
    };
    if (this.#taken.length >= 100) {
      this.refused++;
      const body = { status: "error", errorType: "RATE_LIMIT", policyName: "TEN_SECONDLY_ROLLING" };
      return { status: 429, body, headers };
    }
    this.#taken.push(nowMs);
    this.served++;
    return () => ({ status: 200, body: {}, headers });
  }
}
