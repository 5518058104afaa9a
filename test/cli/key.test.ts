import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Folder } from "./sluice.ts";

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

describe("sluice key create", () => {
  test.each([[[]], [["--json"]]])("with %j prints a key and its hash", (flags) => {
    const { code, stdout } = folder.run(["key", "create", ...flags]);
    const { key, hash } = JSON.parse(stdout) as { key: string; hash: string };
    expect(code).toBe(0);
    expect(key).toMatch(/^sk-sluice-[A-Za-z0-9_-]{43}$/);
    expect(hash).toBe(`sha256:${createHash("sha256").update(key).digest("hex")}`);
  });

  test("never prints the same one twice, and check takes the hash", () => {
    const [one, two] = [0, 1].map(() => JSON.parse(folder.run(["key", "create", "--json"]).stdout));
    expect(one.key).not.toBe(two.key);
    const keys = JSON.stringify([one.hash, two.hash]);
    writeFileSync(folder.file("sluice.yaml"), `tenants: { acme: { keys: ${keys} } }\n`);
    expect(folder.run(["check"]).code).toBe(0);
  });
});
