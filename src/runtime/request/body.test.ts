import { describe, expect, test } from "vitest";
import {
  lacksUsage,
  metadataClaims,
  outboundBody,
  parseJsonObject,
  requireObject,
} from "./body.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const UNCHANGED = { model: null, addsUsage: false };

describe("parsing", () => {
  test.each([
    ['{"a":1}', { a: 1 }],
    [' {"ü":"模"} ', { ü: "模" }],
    ["[1]", null],
    ["null", null],
    ['"x"', null],
    ["", null],
    ['{"a":', null],
  ])("%s", (text, object) => {
    expect(parseJsonObject(text)).toEqual(object);
    expect(parseJsonObject(bytes(text))).toEqual(object);
  });

  test("reads its part of a larger buffer only", () => {
    const buffer = bytes('xx{"a":1}yy');
    expect(parseJsonObject(buffer.subarray(2, 9))).toEqual({ a: 1 });
  });

  test("what must be an object and is none is refused", () => {
    expect(() => requireObject(parseJsonObject("[]"))).toThrow("not a JSON object");
  });
});

describe("what is sent", () => {
  const send = (text: string, changes: { model: string | null; addsUsage: boolean }) =>
    outboundBody(text, parseJsonObject(text) ?? {}, changes);

  test("is what came, to the byte, if nothing has to change", () => {
    const text = '{"n": 1.0, "big": 12345678901234567890, "metadata": {"a": 1}}';
    const raw = bytes(text);
    expect(outboundBody(raw, parseJsonObject(raw) ?? {}, UNCHANGED)).toBe(raw);
  });

  test("names the model that upstream knows, in its place", () => {
    expect(send('{"model":"smart","x":1}', { ...UNCHANGED, model: "gpt-5" })).toBe(
      '{"model":"gpt-5","x":1}',
    );
  });

  test.each([
    ['{"metadata":{"sluice_latency":"batch","a":1}}', '{"metadata":{"a":1}}'],
    ['{"metadata":{"sluice_latency":"batch"},"x":1}', '{"x":1}'],
    ['{"metadata":{"sluice":"kept"}}', '{"metadata":{"sluice":"kept"}}'],
    ['{"metadata":"sluice_x"}', '{"metadata":"sluice_x"}'],
    ['{"sluice_latency":"batch"}', '{"sluice_latency":"batch"}'],
    ['{"metadata":{"sluice_a":1,"__proto__":2}}', '{"metadata":{"__proto__":2}}'],
  ])("leaves out what is meant for Sluice: %s", (text, sent) => {
    expect(send(text, UNCHANGED)).toBe(sent);
  });

  test("asks for usage without touching what the client wrote", () => {
    const text = '{"stream": true, "seed": 12345678901234567890, "x": 1.0, "s": "}" }\n';
    const sent =
      '{"stream": true, "seed": 12345678901234567890, "x": 1.0, "s": "}" ,"stream_options":{"include_usage":true}}';
    const changes = { ...UNCHANGED, addsUsage: true };
    expect(send(text, changes)).toBe(sent);
    const raw = bytes(text);
    expect(
      String(Buffer.from(outboundBody(raw, parseJsonObject(raw) ?? {}, changes) as Uint8Array)),
    ).toBe(sent);
  });

  test.each([
    ['{"stream":true}', { include_usage: true }],
    [
      '{"stream_options":{"include_obfuscation":false}}',
      { include_obfuscation: false, include_usage: true },
    ],
    ['{"stream_options":{"include_usage":false}}', { include_usage: true }],
    ['{"stream_options":null}', { include_usage: true }],
  ])("asks for usage where it must: %s", (text, options) => {
    const sent = JSON.parse(String(send(text, { ...UNCHANGED, addsUsage: true })));
    expect(sent.stream_options).toEqual(options);
  });
});

test.each([
  ["/v1/chat/completions", { stream: true }, true],
  ["/chat/completions", { stream: true, stream_options: {} }, true],
  ["/chat/completions", { stream: true, stream_options: { include_usage: false } }, true],
  ["/chat/completions", { stream: true, stream_options: { include_usage: true } }, false],
  ["/chat/completions", { stream: false }, false],
  ["/chat/completions", {}, false],
  ["/chat/completions", { stream: "true" }, false],
  ["/responses", { stream: true }, false],
  ["/completions", { stream: true }, false],
])("usage is lacking at %s with %o: %s", (path, body, isLacking) => {
  expect(lacksUsage(path, body)).toBe(isLacking);
});

test("claims in metadata are texts and numbers under their prefix", () => {
  const metadata = {
    sluice_max_wait_ms: 50,
    sluice_task_type: "chat",
    sluice_tags: ["x"],
    chain: "c",
  };
  const claim = metadataClaims({ metadata });
  expect(claim("max-wait-ms")).toBe("50");
  expect(claim("task-type")).toBe("chat");
  expect(claim("tags")).toBe(undefined);
  expect(claim("chain")).toBe(undefined);
  expect(metadataClaims(null)("latency")).toBe(undefined);
  expect(metadataClaims({ metadata: [1] })("latency")).toBe(undefined);
});
