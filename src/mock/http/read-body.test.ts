import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { parseJson, readBody } from "./read-body.ts";

const MAX = 8;

function requestOf(headers: Record<string, string> = {}): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

describe("a body", () => {
  test.each([
    ["", ""],
    ["12345678", "12345678"],
  ])("of at most the bound is read: %o", async (text, read) => {
    const request = requestOf();
    for (const character of text) request.write(character);
    request.end();
    const body = await readBody(request, MAX);
    expect(body).toMatchObject({ kind: "body" });
    expect(body.kind === "body" && body.bytes.toString()).toBe(read);
  });

  test("beyond the bound is too large, announced or not", async () => {
    const announced = requestOf({ "content-length": "9" });
    expect(await readBody(announced, MAX)).toEqual({ kind: "too-large" });
    const chunked = requestOf();
    chunked.write("12345");
    chunked.write("6789");
    expect(await readBody(chunked, MAX)).toEqual({ kind: "too-large" });
  });

  test("that breaks off is aborted", async () => {
    const request = requestOf();
    request.write("123");
    request.destroy();
    expect(await readBody(request, MAX)).toEqual({ kind: "aborted" });
  });

  test("that is no JSON parses to undefined", () => {
    expect(parseJson(Buffer.from("{"))).toBe(undefined);
    expect(parseJson(Buffer.from("null"))).toBe(null);
  });
});
