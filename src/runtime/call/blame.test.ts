import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { awaitsClient } from "./blame.ts";

test("a body that is at hand awaits nobody", () => {
  for (const body of [null, "x", Buffer.from("x")]) expect(awaitsClient({ body })).toBe(false);
});

test("a stream awaits its client while nothing of it is left to be taken", async () => {
  const body = new PassThrough();
  expect(awaitsClient({ body })).toBe(true);
  body.write("x");
  expect(awaitsClient({ body })).toBe(false);
  body.end();
  expect(awaitsClient({ body })).toBe(false);
  body.resume();
  await once(body, "end");
  expect(awaitsClient({ body })).toBe(false);
});

test("a stream that broke off was its client's", async () => {
  const body = new PassThrough();
  body.on("error", () => {});
  body.write("x");
  body.destroy(new Error("gone"));
  expect(awaitsClient({ body })).toBe(true);
});
