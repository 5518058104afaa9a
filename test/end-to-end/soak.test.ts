/** Soak: a thousand attacks on a real gateway. `npm run soak` does a hundred thousand. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { type Attack, send } from "../support/soak/attack.ts";
import { chooseAttack } from "../support/soak/choose-attack.ts";
import { TENANTS } from "../support/soak/gateway-process.ts";
import { readAnswers } from "../support/soak/read-answers.ts";
import { runAttack } from "../support/soak/run-attack.ts";
import { soak } from "../support/soak/soak.ts";

const SEED = Number(process.env.SEED ?? 1);
/** After so few there are still bounds to be reached: `npm run soak` looks closer. */
const MOST_GROWTH_MIB = 40;

test(`a thousand attacks from seed ${SEED} on`, async () => {
  const { failures, kinds, reachedUpstream, memory } = await soak({ attacks: 1_000, seed: SEED });
  expect(failures).toEqual([]);
  expect(Object.keys(kinds).length).toBeGreaterThan(40);
  expect(reachedUpstream).toBeGreaterThan(300);
  expect(memory.end.heapMiB - memory.warm.heapMiB).toBeLessThan(MOST_GROWTH_MIB);
}, 120_000);

test("a seed makes the same attack again", () => {
  const means = { tenants: TENANTS, trap: "127.0.0.1:1" };
  for (let seed = 1; seed < 300; seed++) {
    expect(JSON.stringify(chooseAttack(seed, means))).toBe(
      JSON.stringify(chooseAttack(seed, means)),
    );
  }
});

describe("the check itself finds", () => {
  const attack: Attack & { mark: string } = {
    kind: "x",
    mark: "mk-acme-1",
    steps: [send("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")],
    methods: ["GET"],
    least: 1,
    most: 1,
    statuses: [200],
    says: ["fine"],
  };
  const whole = (body: string) =>
    `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  test.each([
    ["nothing where there is nothing", whole("fine mk-acme-1"), null],
    ["a foreign mark", whole("fine mk-birch-2"), "another connection's mk-birch-2"],
    ["an answer too many", whole("fine") + whole("fine"), "2 answers"],
    ["no answer", "", "0 answers"],
    ["half an answer", whole("fine").slice(0, -1), "no answer: "],
    ["another status", "HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n", "status 500"],
    ["a key", whole("fine sk-soak-acme"), "a tenant's key"],
    ["the provider's key", whole("fine provider-key-of-the-soak"), "the provider's credential"],
    ["a stack trace", whole("fine\n    at x.ts:1"), "a stack trace"],
    ["other words", whole("well"), "answer 0 does not say fine"],
  ])("%s", async (_, bytes, expected) => {
    const server = await answering(bytes);
    const { port } = server.address() as AddressInfo;
    const { wrong } = await runAttack(`http://127.0.0.1:${port}`, attack);
    server.close();
    if (expected === null) expect(wrong).toBeNull();
    else expect(wrong).toContain(expected);
  });
});

/** A server that says these bytes, whatever it is asked. */
async function answering(bytes: string): Promise<Server> {
  const server = createServer(({ socket }) => void socket.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("answers are taken apart", () => {
  const chunked =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
  const empty = "HTTP/1.1 204 No Content\r\n\r\n";

  test("one after the other, interim ones left out", () => {
    const bytes = `HTTP/1.1 100 Continue\r\n\r\n${chunked}${empty}${chunked}`;
    const { answers, rest } = readAnswers(bytes, ["GET", "GET", "GET"]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, "abc"],
      [204, ""],
      [200, "abc"],
    ]);
    expect(rest).toBe("");
  });

  test("to HEAD without a body, and up to the end where no length is told", () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    expect(readAnswers(head, ["HEAD"]).rest).toBe("");
    expect(readAnswers("HTTP/1.1 200 OK\r\n\r\nall", ["GET"]).answers[0].body).toBe("all");
  });

  test("and what is not whole is left", () => {
    for (const bytes of [chunked.slice(0, -3), "HTTP/1.1 200", "nonsense"]) {
      expect(readAnswers(bytes, ["GET"])).toEqual({ answers: [], rest: bytes });
    }
  });
});
