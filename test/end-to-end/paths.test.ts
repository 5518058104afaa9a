/** Paths: any path below an upstream's base URL passes, none leads outside of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerEmpty, type Pair, startPair } from "../support/gateway-pair.ts";
import { requestHead, statusOf } from "../support/gateway-socket.ts";

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair[Symbol.asyncDispose]());

describe("a path goes below the base URL", () => {
  test.each([
    ["/based/files?limit=2&after=a%20b", "/base/v1/files?limit=2&after=a%20b"],
    ["/based/v1/files?x", "/base/v1/files?x"],
    ["/based/v1", "/base/v1"],
    ["/based/v1?x=1", "/base/v1?x=1"],
    ["/based", "/base/v1"],
    ["/based/", "/base/v1/"],
    ["/based/v1beta/x", "/base/v1/v1beta/x"],
    ["/based/v1/v1/x", "/base/v1/v1/x"],
    ["/bare/v1/x", "/v1/x"],
    ["/bare?q", "/?q"],
    ["/bare/a//b", "/a//b"],
    ["/bare/a%2Fb%3F", "/a%2Fb%3F"],
    ["/bare/%E6%A8%A1?%E6=%zz", "/%E6%A8%A1?%E6=%zz"],
    ["/v1/files/file-1/content?x=1", "/base/v1/files/file-1/content?x=1"],
  ])("%s -> %s", async (path, url) => {
    pair.answer = answerEmpty;
    expect(await statusOf(pair.gateway.url, requestHead("GET", path))).toBe(200);
    expect(pair.upstream.received.at(-1)?.url).toBe(url);
  });
});

describe("no path leaves the base URL", () => {
  test.each([
    "/based/../secret",
    "/based/..",
    "/based/v1/../../../secret",
    "/based/%2e%2e/secret",
    "/based/.%2E/secret",
    "/based/x/../../secret",
    "/based/..\\secret",
    "/based/\\..\\..\\secret",
    "/based/..%2fsecret",
    "/based/%2e%2e%2fsecret",
    "/based/..%5csecret",
    "/based/v1/x/..%2f..%2f..%2fsecret",
    "/v1/../../secret",
    "/v1/%2e%2e/%2e%2e/secret",
    "/v1/..%2f..%2fsecret",
    "//127.0.0.1:1/secret",
    "//based/secret",
    "http://127.0.0.1:1/secret",
    "http://127.0.0.1:1/based/secret",
    "https://user:pass@127.0.0.1/secret",
    "*",
    "/nobody/../based/secret",
    "/./based/secret",
    "/%62ased/secret",
  ])("%s", async (target) => {
    pair.answer = answerEmpty;
    const before = pair.upstream.received.length;
    const status = await statusOf(pair.gateway.url, requestHead("GET", target));
    expect([400, 404]).toContain(status);
    expect(pair.upstream.received).toHaveLength(before);
  });

  test.each([
    ["/bare/@127.0.0.1:1/x", "/@127.0.0.1:1/x"],
    ["/bare//127.0.0.1:1/x", "//127.0.0.1:1/x"],
    ["/bare/http://127.0.0.1:1/x", "/http://127.0.0.1:1/x"],
    ["/bare/:1/x", "/:1/x"],
    ["/bare?@127.0.0.1:1/x", "/?@127.0.0.1:1/x"],
    ["/based/x/../y", "/base/v1/y"],
  ])("%s stays at its host", async (target, url) => {
    pair.answer = answerEmpty;
    expect(await statusOf(pair.gateway.url, requestHead("GET", target))).toBe(200);
    expect(pair.upstream.received.at(-1)?.url).toBe(url);
  });

  test("line breaks and control characters are no way in", async () => {
    const before = pair.upstream.received.length;
    for (const target of ["/bare/a\r\nx-forged: 1\r\n", "/bare/a\nb", "/bare/a\0b", "/bare/a b"]) {
      expect(await statusOf(pair.gateway.url, requestHead("GET", target))).toBe(400);
    }
    expect(pair.upstream.received.length).toBe(before);
    pair.answer = answerEmpty;
    await statusOf(pair.gateway.url, requestHead("GET", "/bare/a%0d%0ax-forged:%201"));
    expect(pair.upstream.received.at(-1)).toMatchObject({ url: "/a%0d%0ax-forged:%201" });
    expect(pair.upstream.received.at(-1)?.headers).not.toHaveProperty("x-forged");
  });

  test("two lengths, or a length and chunks, are no way to smuggle a request", async () => {
    const before = pair.upstream.received.length;
    const smuggled = "GET /bare/smuggled HTTP/1.1\r\nhost: h\r\n\r\n";
    const heads = [
      requestHead("POST", "/bare/x", "content-length: 0", `content-length: ${smuggled.length}`),
      requestHead("POST", "/bare/x", "content-length: 5", "transfer-encoding: chunked"),
      requestHead("POST", "/bare/x", "transfer-encoding: chunked, identity"),
      requestHead("POST", "/bare/x", "transfer-encoding: xchunked"),
    ];
    for (const one of heads) {
      const status = await statusOf(pair.gateway.url, `${one}0\r\n\r\n${smuggled}`);
      expect([400, 501]).toContain(status);
    }
    const urls = pair.upstream.received.slice(before).map(({ url }) => url);
    expect(urls).not.toContain("/smuggled");
  });
});
