import { describe, expect, test } from "vitest";
import { plainPath, readablePath } from "./readable-path.ts";

describe("a readable path", () => {
  test.each([
    ["/chat/completions", "/chat/completions"],
    ["/chat/completion%73", "/chat/completions"],
    ["/%63hat/%7E%2D%2e%5F%3A", "/chat/~-._:"],
    // What separates parts of a path means something else when it is encoded.
    ["/a%2Fb%3F%23%25%20", "/a%2Fb%3F%23%25%20"],
    ["/%zz%E6%A8%A1%", "/%zz%E6%A8%A1%"],
  ])("%s -> %s", (path, expected) => {
    expect(readablePath(path)).toBe(expected);
  });

  test("keeps every character that needs an encoding, and decodes every other", () => {
    for (let code = 0; code < 256; code++) {
      const encoded = `%${code.toString(16).padStart(2, "0")}`;
      const character = String.fromCharCode(code);
      const isPlain = /[A-Za-z0-9\-._~:]/.test(character);
      expect(readablePath(encoded)).toBe(isPlain ? character : encoded);
    }
  });
});

describe("a plain path", () => {
  test.each([
    ["/v1/chat/completions", "/v1/chat/completions"],
    ["/v1/chat/completions/.", "/v1/chat/completions/"],
    ["/v1/chat/completions/x/..", "/v1/chat/completions/"],
    ["/v1/chat/completions/%2e", "/v1/chat/completions/"],
    ["/v1/chat\\completions", "/v1/chat/completions"],
    ["/v1/chat%2Fcompletions", "/v1/chat/completions"],
    ["/v1/chat%5ccompletions", "/v1/chat/completions"],
    ["/v1/chat//completions//", "/v1/chat/completions/"],
    ["//evil.example/v1", "/evil.example/v1"],
    ["/%zz\\%", "/%zz/%"],
  ])("%s -> %s", (path, expected) => {
    expect(plainPath(path)).toBe(expected);
  });
});
