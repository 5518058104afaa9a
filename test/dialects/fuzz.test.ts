/** Damaged responses: no dialect throws, waits for ever, or counts what is no amount. `npm run fuzz -- 100000` does more. */
import { expect, test } from "vitest";
import { DIALECTS } from "../../src/dialects/registry.ts";
import { seeded } from "../support/gateway-random.ts";
import { mutatedResponse, violationIn } from "../support/mutated-responses.ts";

const ROUNDS = 60;

test.each(DIALECTS)("$name reads damaged responses", (dialect) => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const response = mutatedResponse(seeded(seed));
    const violation = violationIn(dialect, response);
    expect(violation, `seed ${seed}: ${JSON.stringify(response).slice(0, 500)}`).toBeNull();
  }
});

test("the check itself finds a wait that is none", () => {
  const [dialect] = DIALECTS;
  const verdict = { class: "quota", dimension: null, retryable: true, retryAfterMs: -1 } as const;
  const broken = { ...dialect, verdict: () => verdict };
  expect(violationIn(broken, mutatedResponse(seeded(1)))).toBe("retryAfterMs -1");
  const throwing = {
    ...dialect,
    verdict: () => {
      throw new Error("no");
    },
  };
  expect(violationIn(throwing, mutatedResponse(seeded(1)))).toBe("threw Error: no");
});
