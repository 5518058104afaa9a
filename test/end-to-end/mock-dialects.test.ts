/** Three times what a provider grants, through the gateway: hardly anything is refused up there, and each client gets one end. */
import { beforeAll, describe, expect, test } from "vitest";
import { DIALECT_NAMES, type DialectName } from "../../src/mock/index.ts";
import { type MockLoad, type MockOutcome, overload } from "../support/mock-load.ts";

const requests = (amount: number, per: string, window: string) => [
  { requests: { amount, per, window } },
];

/** Where Sluice is told what the provider limits; `least` must be served: Sluice spaces what is there at once. */
const CONFIGURED: Readonly<Record<DialectName, MockLoad & { readonly least: number }>> = {
  openai: {
    mock: { limits: { rpm: 60, tpm: 30_000 } },
    limits: [{ rpm: 60, tpm: 30_000 }],
    clients: 180,
    least: 15,
  },
  anthropic: {
    mock: { limits: { rpm: 60, itpm: 30_000, otpm: 30_000 } },
    limits: [{ rpm: 60, itpm: 30_000, otpm: 30_000 }],
    clients: 180,
    least: 15,
  },
  "azure-openai": {
    mock: { limits: { rpm: 600, tpm: 60_000 } }, // ten in each second
    limits: requests(10, "1s", "sliding"),
    clients: 75,
    least: 8,
  },
  gemini: {
    mock: { limits: { rpm: 60, rpd: 1_000, tpm: 10_000 } },
    limits: requests(60, "1m", "sliding"),
    clients: 180,
    least: 15,
  },
  bedrock: {
    mock: { limits: { rpm: 60, tpm: 30_000 } },
    limits: [{ rpm: 60, tpm: 30_000 }],
    clients: 180,
    least: 15,
  },
  groq: {
    mock: { limits: { rpm: 60, rpd: 1_000, tpm: 30_000 } },
    limits: [{ rpm: 60, tpm: 30_000 }],
    clients: 180,
    least: 15,
  },
  openrouter: {
    mock: { limits: { rpm: 60 } },
    limits: [{ rpm: 60 }],
    clients: 180,
    least: 15,
  },
  hubspot: {
    mock: { limits: { rp10s: 50, rpd: 1_000 } },
    limits: requests(50, "10s", "sliding"),
    clients: 150,
    least: 12,
  },
  salesforce: {
    mock: { limits: { rpd: 60 } },
    limits: requests(60, "1d", "sliding"),
    clients: 180,
    least: 15,
  },
  mailchimp: {
    mock: { latency: { firstTokenMs: 100, firstTokenJitter: 0 } }, // ten at once: a hundred a second
    limits: [{ max_parallel_requests: 10 }],
    clients: 450,
    least: 15,
  },
  ga4: {
    mock: { limits: { project_tph: 120, max_parallel_requests: 10 } }, // forty reports of three tokens
    limits: [...requests(40, "1h", "fixed"), { max_parallel_requests: 10 }],
    clients: 120,
    least: 10,
  },
  shopify: {
    mock: { limits: { points: 400 } }, // ten points are taken for each query, four come back
    limits: requests(40, "20s", "bucket"),
    clients: 120,
    least: 10,
  },
};

/**
 * Where Sluice learns it from headers and refusals. Azure is not here: it tells how many tokens there are, but
 * not how many requests, so those have to be configured.
 */
const LEARNED = DIALECT_NAMES.filter((name) => name !== "azure-openai");
const FEW = 5;
/** Groq tells its requests per day, and those per minute only by refusing. */
const FEW_OF_GROQ = 20;

const SLUICES_OWN = new Set(["ok", "max_wait_exceeded", "queue_full"]);

async function overloadAll(names: readonly DialectName[], isLearned: boolean) {
  const all = names.map(async (name) => {
    const load = CONFIGURED[name];
    const outcome = await overload(name, isLearned ? { ...load, limits: null } : load);
    return [name, outcome] as const;
  });
  return new Map(await Promise.all(all));
}

function expectOneEndEach(name: DialectName, { stats, ends }: MockOutcome): void {
  expect(Object.keys(ends).filter((end) => !SLUICES_OWN.has(end))).toEqual([]);
  const ended = Object.values(ends).reduce((sum, count) => sum + count, 0);
  expect(ended).toBe(CONFIGURED[name].clients);
  expect(stats.ok).toBe(ends.ok);
  expect(stats.inFlight.now).toBe(0);
}

describe("limits that are configured", () => {
  let outcomes: ReadonlyMap<DialectName, MockOutcome>;
  beforeAll(async () => {
    outcomes = await overloadAll(DIALECT_NAMES, false);
  });

  test.each(DIALECT_NAMES)("%s refuses next to nothing, and gives what it has", (name) => {
    const outcome = outcomes.get(name)!;
    expectOneEndEach(name, outcome);
    const { stats } = outcome;
    // Azure's slices turn within the run: what was sent in one may arrive in the next.
    expect(stats.refused429).toBeLessThanOrEqual(name === "azure-openai" ? 4 : 0);
    expect(stats.ok).toBeGreaterThanOrEqual(CONFIGURED[name].least);
  });
});

describe("limits that are learned", () => {
  let outcomes: ReadonlyMap<DialectName, MockOutcome>;
  beforeAll(async () => {
    outcomes = await overloadAll(LEARNED, true);
  });

  test.each(LEARNED)("%s refuses a few at most", (name) => {
    const outcome = outcomes.get(name)!;
    expectOneEndEach(name, outcome);
    expect(outcome.stats.refused429).toBeLessThanOrEqual(name === "groq" ? FEW_OF_GROQ : FEW);
    expect(outcome.stats.ok).toBeGreaterThan(10);
  });
});
