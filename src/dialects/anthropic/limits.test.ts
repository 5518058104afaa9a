import { describe, expect, test } from "vitest";
import { anthropic } from "../anthropic.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("Anthropic's rate headers", () => {
  test("tell each family, tokens in thousands, and the moment of being full", () => {
    const readings = anthropic.limits(
      {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:02Z",
        "anthropic-ratelimit-input-tokens-limit": "40000",
        "anthropic-ratelimit-input-tokens-remaining": "31000",
        "anthropic-ratelimit-input-tokens-reset": "2026-03-01T12:00:14Z",
        "anthropic-ratelimit-output-tokens-limit": "8000",
        "anthropic-ratelimit-output-tokens-remaining": "8000",
        "anthropic-ratelimit-output-tokens-reset": "2026-03-01T11:59:59Z",
      },
      NOW,
    );
    const common = { perMs: 60_000, resetMeaning: "full" };
    expect(readings).toEqual([
      { dimension: "requests", limit: 50, remaining: 49, resetMs: 2_000, quantum: 1, ...common },
      {
        dimension: "input_tokens",
        limit: 40_000,
        remaining: 31_000,
        resetMs: 14_000,
        quantum: 1_000,
        ...common,
      },
      {
        dimension: "output_tokens",
        limit: 8_000,
        remaining: 8_000,
        resetMs: 0,
        quantum: 1_000,
        ...common,
      },
    ]);
  });

  test("measure the moment from the server's clock", () => {
    const [reading] = anthropic.limits(
      {
        date: "Sun, 01 Mar 2026 12:00:10 GMT",
        "anthropic-ratelimit-tokens-remaining": "1000",
        "anthropic-ratelimit-tokens-reset": "2026-03-01T12:00:14Z",
      },
      NOW,
    );
    expect(reading).toMatchObject({ dimension: "tokens", resetMs: 4_000, limit: null });
  });

  test("of subscriptions and of other pools are no limits of the account", () => {
    const headers = {
      "anthropic-ratelimit-unified-status": "allowed",
      "anthropic-ratelimit-unified-5h-reset": "1772370000",
      "anthropic-priority-input-tokens-limit": "10000",
    };
    expect(anthropic.limits(headers, NOW)).toEqual([]);
  });
});
