import { describe, expect, test } from "vitest";
import { BodyKeeper } from "./body-keeper.ts";

function kept(...chunks: readonly string[]): BodyKeeper {
  const body = new BodyKeeper();
  for (const chunk of chunks) body.add(Buffer.from(chunk));
  return body;
}

const LARGE = "x".repeat(1_000_000);

describe("a kept body", () => {
  test("tells the last field of the first name that it has, however it was cut", () => {
    const body = kept('{"cost":{"a":1},"extensions":{"co', 'st":{"a":2}}}');
    expect(body.lastField(["usage", "cost"])).toEqual({ cost: { a: 2 } });
    expect(body.lastField(["usage"])).toBeNull();
  });

  test("of an answer that is too large to keep is its end", () => {
    const body = kept('{"usage":{"a":1},"rows":["', LARGE, LARGE, '"],"usage":{"a":2}}');
    expect(body.lastField(["usage"])).toEqual({ usage: { a: 2 } });
  });

  test("keeps of the end no more than it needs", () => {
    const small = "y".repeat(4_000);
    const body = kept(LARGE, LARGE, '"usage":{"a":1}', small, small, small, small, small);
    expect(body.lastField(["usage"])).toBeNull();
  });

  test("that has none tells none", () => {
    expect(kept().lastField(["usage"])).toBeNull();
    expect(kept('"usage":{"a":').lastField(["usage"])).toBeNull();
    expect(kept('"usage": null').lastField(["usage"])).toBeNull();
  });
});
