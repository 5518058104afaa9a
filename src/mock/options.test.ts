import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DIALECT_NAMES, INSTANT, type MockOptions, type MockServer, startMock } from "./index.ts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "openai", latency: INSTANT, ...options });
}

describe("options", () => {
  test.each<[Partial<MockOptions>, string]>([
    [
      { dialect: "smoke" as never },
      `dialect must be one of ${DIALECT_NAMES.join(", ")}, got "smoke"`,
    ],
    [
      { limits: { itpm: 5 } },
      'limits: unknown limit "itpm"; allowed are rpm, rpd, tpm, tpd, max_parallel_requests',
    ],
    [{ limits: { rpm: 0 } }, "limits.rpm must be a number of at least 1, got 0"],
    [
      { models: { "gpt-*": { tpm: Number.NaN } } },
      'models["gpt-*"].tpm must be a number of at least 1, got NaN',
    ],
    [
      { latency: { tokensPerSecond: -1 } },
      "latency.tokensPerSecond must be a finite number of at least 0, got -1",
    ],
    [{ faults: [{ kind: "cut-stream" } as never] }, "fault.afterTokens must be a number"],
  ])("%o is refused with the reason", async (options, reason) => {
    await expect(start(options)).rejects.toThrow(reason);
  });

  test("a port that is taken is an error", async () => {
    await using mock = await start();
    await expect(start({ port: mock.port })).rejects.toThrow("EADDRINUSE");
  });

  test("the same seed gives the same answers", async () => {
    const answers = async (seed: number) => {
      await using mock = await start({ seed });
      const bodies: string[] = [];
      for (let i = 0; i < 5; i++) {
        const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] });
        const response = await fetch(`${mock.url}/v1/chat/completions`, { method: "POST", body });
        bodies.push((await response.text()).replace(/"created":\d+/, ""));
      }
      return bodies;
    };
    expect(await answers(3)).toEqual(await answers(3));
    expect(await answers(3)).not.toEqual(await answers(4));
  });
});

test("the mock shares no code: it imports only Node and itself", () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  expect(sources.length).toBeGreaterThan(30);
  for (const file of sources) {
    const text = readFileSync(`${import.meta.dirname}/${file}`, "utf8");
    const depth = file.split("/").length - 1;
    for (const [, specifier] of text.matchAll(/from "([^"]+)"/g)) {
      const leaves = specifier.split("../").length - 1 > depth;
      expect({ file, specifier, leaves }).toEqual({
        file,
        specifier: expect.stringMatching(/^(node:|\.)/),
        leaves: false,
      });
    }
  }
});
