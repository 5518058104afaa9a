/** What docs/task-rules.md says of a classifier of one's own is what happens. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createSluice, type Sluice } from "../../src/index.ts";

const PAGE = readFileSync(new URL("../../docs/task-rules.md", import.meta.url), "utf8");

function blockOf(language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]+?)\`\`\``).exec(PAGE)?.[1] ?? "";
}

/** Everything is under pressure. */
const HOUSE = {
  policy: { pressure: { warn: 0, act: 0 } },
  upstreams: { it: { dialect: "openai", base_url: "http://it.test/v1", api_key: "k" } },
  models: {
    smart: [
      { upstream: "it", model: "large", quality: 0.9 },
      { upstream: "it", model: "small", quality: 0.5 },
    ],
  },
};

async function call(sluice: Pick<Sluice, "fetch">): Promise<string | null> {
  const answer = await sluice.fetch("http://it.test/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Prove it." }] }),
  });
  return answer.headers.get("x-sluice-model");
}

test("its configuration is taken, and a classifier is asked and answers as the page shows", async () => {
  const [, question] = /POST \/classify\n([\s\S]+?)\n\n/.exec(PAGE) ?? [];
  const [, answer] = /\n200\n(\{.+?\})/.exec(PAGE) ?? [];
  const asked: object[] = [];
  const sluice = await createSluice({
    config: { ...HOUSE, ...parse(blockOf("yaml")) },
    fetch: async (input, init) => {
      if (!String(input).endsWith("/classify")) return Response.json({});
      asked.push(JSON.parse(String(init?.body)));
      return new Response(answer);
    },
  });
  expect(await call(sluice)).toBe("small");
  expect(asked.map((one) => Object.keys(one))).toEqual([Object.keys(JSON.parse(question))]);
  await sluice.close();
});

test("its function is called", async () => {
  const code = `return (async () => { ${blockOf("ts")}; return sluice; })()`;
  const run = new Function("createSluice", code) as (
    create: (options: object) => Promise<Sluice>,
  ) => Promise<Sluice>;
  const sluice = await run((options) =>
    createSluice({ ...options, config: HOUSE, fetch: async () => Response.json({}) }),
  );
  expect(await call(sluice)).toBe("small");
  await sluice.close();
});
