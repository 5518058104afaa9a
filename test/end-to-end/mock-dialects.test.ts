/** Three times what a provider grants, through the gateway: hardly anything is refused up there, and each client gets one end. */
import { beforeAll, describe, expect, test } from "vitest";
import { DIALECT_NAMES, type DialectName, type MockLimits } from "../../src/mock/index.ts";
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
 * Where Sluice learns it from headers and refusals, with twenty to be had. Azure tells how many tokens there are, but not how
 * many requests: those are felt out once they are refused.
 */
const LEARNED: readonly (readonly [name: DialectName, limits: MockLimits])[] = [
  ["openai", { rpm: 20 }],
  ["anthropic", { rpm: 20 }],
  ["azure-openai", { rpm: 60, tpm: 60_000 }], // one in each second
  ["gemini", { rpm: 20 }],
  ["bedrock", { rpm: 20 }],
  ["groq", { rpm: 20, rpd: 1_000 }],
  ["openrouter", { rpm: 20 }],
  ["hubspot", { rp10s: 20, rpd: 1_000 }],
  ["salesforce", { rpd: 20 }],
  ["mailchimp", { max_parallel_requests: 3 }],
  ["ga4", { project_tph: 60 }],
  ["shopify", { points: 200 }],
];
const CLIENTS_OF_LEARNED = 60;
/** Where nothing tells when to come again it is felt out: six were seen, forty would be without Sluice. */
const FEW = 12;

const SLUICES_OWN = new Set(["ok", "max_wait_exceeded", "queue_full"]);
/** So many at once that a busy machine still sends in time. */
const AT_ONCE = 4;

async function overloadAll(loads: readonly (readonly [DialectName, MockLoad])[]) {
  const outcomes = new Map<DialectName, MockOutcome>();
  for (let from = 0; from < loads.length; from += AT_ONCE) {
    const some = loads.slice(from, from + AT_ONCE);
    const run = async ([name, load]: (typeof loads)[number]) => {
      outcomes.set(name, await overload(name, load));
    };
    await Promise.all(some.map(run));
  }
  return outcomes;
}

function expectOneEndEach(clients: number, { stats, ends }: MockOutcome): void {
  expect(Object.keys(ends).filter((end) => !SLUICES_OWN.has(end))).toEqual([]);
  const ended = Object.values(ends).reduce((sum, count) => sum + count, 0);
  expect(ended).toBe(clients);
  expect(stats.ok).toBe(ends.ok);
  expect(stats.inFlight.now).toBe(0);
}

describe("limits that are configured", () => {
  let outcomes: ReadonlyMap<DialectName, MockOutcome>;
  beforeAll(async () => {
    outcomes = await overloadAll(DIALECT_NAMES.map((name) => [name, CONFIGURED[name]] as const));
  });

  test.each(DIALECT_NAMES)("%s refuses next to nothing, and gives what it has", (name) => {
    const { clients, least } = CONFIGURED[name];
    const outcome = outcomes.get(name)!;
    expectOneEndEach(clients, outcome);
    const { stats } = outcome;
    // Azure's slices turn within the run: what was sent in one may arrive in the next.
    expect(stats.refused429).toBeLessThanOrEqual(name === "azure-openai" ? 4 : 1);
    expect(stats.ok).toBeGreaterThanOrEqual(least);
  });
});

describe("limits that are learned", () => {
  let outcomes: ReadonlyMap<DialectName, MockOutcome>;
  beforeAll(async () => {
    outcomes = await overloadAll(
      LEARNED.map(([name, limits]) => {
        return [name, { mock: { limits }, limits: null, clients: CLIENTS_OF_LEARNED }] as const;
      }),
    );
  });

  test.each(LEARNED)("%s refuses a few at most", (name) => {
    const outcome = outcomes.get(name)!;
    expectOneEndEach(CLIENTS_OF_LEARNED, outcome);
    console.log(
      name,
      JSON.stringify(outcome.stats.refused429),
      outcome.stats.ok,
      JSON.stringify(outcome.ends),
    );
    expect(outcome.stats.refused429).toBeLessThanOrEqual(FEW);
    expect(outcome.stats.ok).toBeGreaterThan(5);
  });
});
