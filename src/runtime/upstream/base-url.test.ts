import { describe, expect, test } from "vitest";
import { dialectNamed, generic } from "../../dialects/registry.ts";
import { BaseUrl } from "./base-url.ts";

function pathOf(base: string, path: string, key = "", dialect = "generic"): string {
  const { origin, path: whole } = new BaseUrl(base, dialectNamed(dialect) ?? generic).addressOf(
    path,
    key,
  );
  return origin + whole;
}

describe("an address below a base URL", () => {
  test.each([
    ["http://h", "/x?a=1", "http://h/x?a=1"],
    ["http://h/v1", "/v1/x", "http://h/v1/x"],
    ["http://h/v1", "/v1x", "http://h/v1/v1x"],
    ["http://h/api?k=1", "/x", "http://h/api/x?k=1"],
    ["http://h/api?k=1&l=2", "/x?l=3", "http://h/api/x?l=3&k=1"],
    ["http://h/api?k=1", "/x?%6B=2", "http://h/api/x?%6B=2"],
    ["http://h/api?k=a?b", "/x?", "http://h/api/x?k=a?b"],
    ["http://h/openai/deployments/gpt", "/v1/chat", "http://h/openai/deployments/gpt/chat"],
  ])("%s and %s give %s", (base, path, expected) => {
    expect(pathOf(base, path)).toBe(expected);
    expect(pathOf(base, path)).toBe(expected);
  });

  test("has the data centre wherever it stands, and of each key its own", () => {
    const base = new BaseUrl("https://{dc}.api.example.com/{dc}/3.0", generic);
    expect(base.addressOf("/x", "k-us2").origin).toBe("https://us2.api.example.com");
    expect(base.addressOf("/x", "k-us10").origin).toBe("https://us10.api.example.com");
    expect(base.addressOf("/x", "k-us2").path).toBe("/us2/3.0/x");
  });
});

describe("what is below a base URL", () => {
  test.each([
    ["http://h/v1", "http://h/v1/x?a=1#f", "/x?a=1"],
    ["http://h/v1?k=1", "http://h/v1/x", "/x"],
    ["http://h/v1", "http://h/v1x", null],
    ["http://h.x/v1", "http://hyx/v1/x", null],
    ["https://{dc}.api.x/3.0", "https://us1.api.x/3.0/y", "/y"],
    ["https://{dc}.api.x/3.0", "https://api.x/3.0/y", "/y"],
    ["https://{dc}.api.x/3.0", "https://evil.api.x/3.0/y", null],
    ["http://h/{dc}/3.0", "http://h/us1/3.0", ""],
  ])("%s: %s is %s", (base, url, rest) => {
    expect(new BaseUrl(base, generic).below(url)?.rest ?? null).toBe(rest);
  });
});
