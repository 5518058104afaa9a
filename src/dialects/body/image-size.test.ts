import { expect, test } from "vitest";
import { imageSize, imageSizeInUrl } from "./image-size.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452000004000000030008060000", "hex");
const GIF = Buffer.from("47494638396140012c01f70000", "hex");
const VP8X = Buffer.from("524946460000000057454250565038580a00000010000000ff0300df0100", "hex");
const VP8L = Buffer.from("5249464600000000574542505650384c000000002fffc377000000000000", "hex");
/** A metadata part of 20,000 bytes, as cameras write it, before the frame. */
const JPEG = Buffer.concat([
  Buffer.from("ffd8ffe14e20", "hex"),
  Buffer.alloc(20_000 - 2),
  Buffer.from("ffc0001108", "hex"),
  Buffer.from("0438078003012200", "hex"),
]);

const base64 = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(64)]).toString("base64");

test.each([
  ["PNG", PNG, { width: 1_024, height: 768 }],
  ["GIF", GIF, { width: 320, height: 300 }],
  ["WebP", VP8X, { width: 1_024, height: 480 }],
  ["lossless WebP", VP8L, { width: 1_024, height: 480 }],
  ["JPEG", JPEG, { width: 1_920, height: 1_080 }],
])("the size of a %s is read from its head", (_, bytes, size) => {
  expect(imageSize(base64(bytes))).toEqual(size);
  expect(imageSizeInUrl(`data:image/x;base64,${base64(bytes)}`)).toEqual(size);
});

test.each([
  "",
  "AAAA",
  "not base64 at all, but long enough to be looked at by anyone",
  base64(Buffer.from("ffd8ffe1", "hex")),
])("what is no image has no size: %j", (data) => {
  expect(imageSize(data)).toBe(null);
});

test("what has to be fetched has no size", () => {
  expect(imageSizeInUrl("https://example.com/a.png")).toBe(null);
});
