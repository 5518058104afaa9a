import { describe, expect, test } from "vitest";
import { type CacheQuestion, cacheKey, ResponseCache } from "./response-cache.ts";

const QUESTION: CacheQuestion = {
  tenant: "acme",
  method: "POST",
  path: "/v1/chat/completions",
  variant: "",
  body: '{"model":"gpt-5"}',
};

const answer = (text: string) => ({ status: 200, headers: {}, body: Buffer.from(text) });

function cache(maxBytes = 1_000_000) {
  let now = 1_000;
  const held = new ResponseCache({ maxBytes, ttlMs: 10_000, now: () => now });
  return { held, later: (ms: number) => (now += ms) };
}

describe("keys", () => {
  test("differ with everything that makes a request", () => {
    const others: CacheQuestion[] = [
      { ...QUESTION, tenant: "other" },
      { ...QUESTION, method: "PUT" },
      { ...QUESTION, path: "/v1/messages" },
      { ...QUESTION, variant: "2023-06-01" },
      { ...QUESTION, body: '{"model":"gpt-4"}' },
      { ...QUESTION, body: null },
    ];
    expect(new Set([QUESTION, ...others].map(cacheKey)).size).toBe(7);
  });

  test("are the same for text and its bytes", () => {
    expect(cacheKey({ ...QUESTION, body: Buffer.from(QUESTION.body as string) })).toBe(
      cacheKey(QUESTION),
    );
  });
});

describe("answers", () => {
  test("are had again until they are too old", () => {
    const { held, later } = cache();
    held.put("a:1", answer("first"));
    later(9_999);
    expect(held.get("a:1")?.body.toString()).toBe("first");
    later(2);
    expect(held.get("a:1")).toBeNull();
  });

  test("push the least lately used out once there is no room", () => {
    const { held } = cache(30_000);
    for (let i = 0; i < 40; i++) held.put(`a:${i}`, answer(String(i)));
    expect(held.get("a:0")).toBeNull();
    expect(held.get("a:39")).not.toBeNull();
  });

  test("larger than a tenth of the cache are not kept", () => {
    const { held } = cache(10_000);
    held.put("a:1", answer("x".repeat(1_001)));
    expect(held.get("a:1")).toBeNull();
  });

  test("of one tenant can be forgotten, and nobody else's", () => {
    const { held } = cache();
    const mine = cacheKey(QUESTION);
    const others = cacheKey({ ...QUESTION, tenant: "acme2" });
    held.put(mine, answer("mine"));
    held.put(others, answer("others'"));
    held.erase("acme");
    expect(held.get(mine)).toBeNull();
    expect(held.get(others)).not.toBeNull();
  });
});
