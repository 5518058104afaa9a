import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfig } from "./load.ts";
import { describeProblem } from "./problem.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HASH = `sha256:${"ab".repeat(32)}`;
const UPSTREAM = "dialect: openai, base_url: https://api.example.com";

type Told = [line: number | null, field: string, found: string, expected: string];

function problemsOf(text: string | Uint8Array, env: Record<string, string> = {}): Told[] {
  const file = join(folder, "sluice.yaml");
  writeFileSync(file, text);
  const loaded = loadConfig({ file, env });
  if (loaded.ok) return [];
  expect(loaded.problems.every((problem) => problem.file === file)).toBe(true);
  return loaded.problems.map(({ line, field, found, expected }) => [line, field, found, expected]);
}

function check(text: string, ...expected: Told[]): void {
  expect(problemsOf(text)).toEqual(expected);
}

describe("a broken file is told by line, field, found and expected", () => {
  test("unknown field, with what was probably meant", () => {
    check("server:\n  listen: 127.0.0.1:1\n  conections: 5\n", [
      3,
      "server.conections",
      'unknown field "conections"',
      "one of listen, data_dir, admin_token, trust_headers, body_max, header_max, connections, " +
        "timeouts; did you mean `connections`?",
    ]);
  });

  test("unknown section", () => {
    const [[line, field, found, expected]] = problemsOf("\n\nupstream: {}\n");
    expect([line, field, found]).toEqual([3, "upstream", 'unknown field "upstream"']);
    expect(expected).toContain("did you mean `upstreams`?");
  });

  test.each([
    [
      "server: { body_max: 32Mib }",
      "server.body_max",
      '"32Mib"',
      "a size above 0, such as 64KiB or 32MiB",
    ],
    [
      "server: { timeouts: { body: 5 parsecs } }",
      "server.timeouts.body",
      '"5 parsecs"',
      "a duration (ms s m h d mo), above 0 and at most 24d, such as 500ms, 30s or 5m",
    ],
    ["server: { trust_headers: yes }", "server.trust_headers", '"yes"', "true or false"],
    [
      "server: { listen: 8787 }",
      "server.listen",
      "8787",
      "host:port, such as 127.0.0.1:8787, [::1]:8787 or 0.0.0.0:0 (port 0: a free one)",
    ],
    [
      "server: { connections: 0 }",
      "server.connections",
      "0",
      "a whole number from 1 to 1000000, such as 500, 10_000, 30k or 2M",
    ],
    ["policy: { holdback: 0.6 }", "policy.holdback", "0.6", "a number from 0 to 0.5"],
    ["policy: { margin: none }", "policy.margin", '"none"', "auto or a number from 0 to 0.5"],
    [
      "policy: { order: tier }",
      "policy.order",
      '"tier"',
      "a list of tier and latency, in either order or left out",
    ],
    [
      "policy: { order: [teir] }",
      "policy.order[0]",
      '"teir"',
      "one of tier, latency; did you mean `tier`?",
    ],
    [
      "policy: { order: [tier, tier] }",
      "policy.order[1]",
      '"tier" a second time',
      "each at most once",
    ],
    [
      "policy: { pressure: { warn: 0.9, act: 0.8 } }",
      "policy.pressure.act",
      "0.8",
      "at least warn, which is 0.9",
    ],
    ["tiers: { gold: { weight: 0 } }", "tiers.gold.weight", "0", "a number above 0"],
    ["tiers: { gold: { ceiling: 1.5 } }", "tiers.gold.ceiling", "1.5", "a number from 0 to 1"],
    [
      "tiers: { gold: { max_wait: 2h } }",
      "tiers.gold.max_wait",
      '"2h"',
      "a duration (ms s m h d mo), at most 1h, such as 500ms, 30s or 5m",
    ],
    [
      "tiers: { gold: { latency_max: realtime } }",
      "tiers.gold.latency_max",
      '"realtime"',
      "one of real-time, near-real-time, batch; did you mean `real-time`?",
    ],
    ["tiers: [gold]", "tiers", "a list", "a mapping from names to tiers"],
    [
      '{ tiers: { "a b": {} } }',
      "tiers.a b",
      'the name "a b"',
      "1 to 64 letters, digits or . _ - (starting with a letter or digit)",
    ],
    [
      "task_types: { chat: { fallback: [cache] } }",
      "task_types.chat.fallback[0]",
      '"cache"',
      "one of smaller-model, cached, degrade, queue; did you mean `cached`?",
    ],
    ["store: redis", "store", '"redis"', "a mapping, such as { kind: memory }"],
    ["store: { kind: postgres }", "store.kind", '"postgres"', "one of memory, redis"],
    [
      "store: { kind: redis }",
      "store.url",
      "nothing",
      "a Redis URL, such as redis://127.0.0.1:6379 or rediss://host:6380",
    ],
    [
      'store: { kind: redis, url: "http://u:secret@h" }',
      "store.url",
      '"http://(hidden)@h"',
      "a Redis URL, such as redis://127.0.0.1:6379 or rediss://host:6380",
    ],
    [
      "classifier: { rules: default, url: https://x.example }",
      "classifier.url",
      "rules and url",
      "only one of them",
    ],
    [
      "alerts: { webhooks: [{ url: https://x.example, secert: a }] }",
      "alerts.webhooks[0].secert",
      'unknown field "secert"',
      "one of url, secret; did you mean `secret`?",
    ],
    [
      "alerts: { webhooks: [5] }",
      "alerts.webhooks[0]",
      "a number (hidden)",
      "a URL, or a mapping of url and secret",
    ],
  ])("%s", (text, field, found, expected) => check(text, [1, field, found, expected]));

  test("a missing field is told on its parent's line", () => {
    check("upstreams:\n  openai:\n    dialect: openai\n", [
      2,
      "upstreams.openai.base_url",
      "nothing",
      "an http or https URL without user, password or fragment, such as https://api.example.com/v1",
    ]);
  });

  test("an item of a list is told on its own line", () => {
    check(
      `upstreams:\n  a:\n    ${UPSTREAM.replace(", ", "\n    ")}\n    limits:\n      - rpm: 5\n      - { tpm: 10KiB }\n`,
      [
        7,
        "upstreams.a.limits[1].tpm",
        '"10KiB"',
        "a whole number of at least 1, such as 500, 10_000, 30k or 2M",
      ],
    );
  });

  test("everything that is wrong is told at once, in the order of the lines", () => {
    const text = [
      "server:",
      "  bodymax: 1",
      "tenants:",
      "  acme: { tier: glod, weight: -1 }",
      "tiers:",
      "  gold: {}",
      "models:",
      "  smart: [{ upstream: openai, model: m }]",
    ].join("\n");
    expect(problemsOf(text).map(([line, field]) => [line, field])).toEqual([
      [2, "server.bodymax"],
      [4, "tenants.acme.weight"],
      [4, "tenants.acme.tier"],
      [8, "models.smart[0].upstream"],
    ]);
  });
});

describe("references and rules that span fields", () => {
  const amounts =
    "one of rpm, rpd, tpm, tpd, itpm, otpm, max_parallel_requests, usd_per_day, requests, tokens, " +
    "input_tokens, output_tokens, units";

  test.each([
    [
      "a key of two tenants",
      `tenants:\n  a: { keys: ["${HASH}"] }\n  b: { keys: ["${HASH.toUpperCase().replace("SHA", "sha")}"] }`,
      [
        3,
        "tenants.b.keys[0]",
        "the key that is tenants.a.keys[0] already",
        "each key once, since it names the tenant",
      ],
    ],
    [
      "a key that is no hash, and is not shown",
      "tenants:\n  a: { keys: [sk-live-123] }",
      [
        2,
        "tenants.a.keys[0]",
        "a text (hidden)",
        "sha256: and 64 hexadecimal digits, as `sluice key create` prints",
      ],
    ],
    [
      "a tier that does not exist",
      "tenants:\n  a:\n    tier: premuim",
      [
        3,
        "tenants.a.tier",
        '"premuim"',
        "a tier that exists (critical, premium, standard, free); did you mean `premium`?",
      ],
    ],
    [
      "a default tier that does not exist",
      "tiers: { gold: {} }\ndefaults: { tier: free }",
      [2, "defaults.tier", '"free"', "a tier that exists (gold)"],
    ],
    [
      "a default task type that does not exist",
      "defaults: { task_type: chat }",
      [1, "defaults.task_type", '"chat"', "a task type that exists (default)"],
    ],
    [
      "a reserved upstream name",
      `upstreams:\n  admin: { ${UPSTREAM} }`,
      [
        2,
        "upstreams.admin",
        'the name "admin"',
        "1 to 40 of a-z 0-9 - and none of health, metrics, dashboard, admin, sluice, v1",
      ],
    ],
    [
      "a tenant's credential that does not exist",
      `upstreams:\n  a: { ${UPSTREAM}, api_key: x }\ntenants: { t: { credentials: [prod] } }`,
      [3, "tenants.t.credentials[0]", '"prod"', "a credential that exists (default)"],
    ],
    [
      "a limit's key and project that do not exist",
      `upstreams:\n  a: { ${UPSTREAM}, limits: [{ key: k, rpm: 1 }] }`,
      [
        2,
        "upstreams.a.limits[0].key",
        '"k"',
        "a credential of this upstream that exists (there is none)",
      ],
    ],
    [
      "an alias's upstream that does not exist",
      `upstreams:\n  openai: { ${UPSTREAM} }\nmodels:\n  m: [{ upstream: opnai, model: x }]`,
      [
        4,
        "models.m[0].upstream",
        '"opnai"',
        "an upstream that exists (openai); did you mean `openai`?",
      ],
    ],
    [
      "an alias that points at an alias",
      `upstreams: { a: { ${UPSTREAM} } }\nmodels:\n  m: [{ upstream: a, model: x }]\n  n: [{ upstream: m, model: x }]`,
      [4, "models.n[0].upstream", 'the alias "m"', "an upstream; aliases never point at aliases"],
    ],
    [
      "guarantees above a half",
      "policy: { latency_guarantee: { batch: 0.2 } }\ntiers: { a: { guarantee: 0.4 } }",
      [
        1,
        "policy.latency_guarantee.batch",
        "guarantees of 0.6 in all (tiers.a.guarantee 0.4, policy.latency_guarantee.batch 0.2)",
        "guarantees of tiers and latency classes of at most 0.5 in all",
      ],
    ],
    [
      "an open admin API",
      "server:\n  listen: 0.0.0.0:8787",
      [
        1,
        "server.admin_token",
        "nothing",
        'a token, because other machines can reach "0.0.0.0:8787"',
      ],
    ],
    [
      "api_key together with credentials",
      `upstreams:\n  a: { ${UPSTREAM}, api_key: x, credentials: [{ name: p, api_key: y }] }`,
      [2, "upstreams.a.api_key", "credentials and api_key", "only one of them"],
    ],
    [
      "a limit that counts nothing",
      `upstreams:\n  a: { ${UPSTREAM}, limits: [{ model: x }] }`,
      [2, "upstreams.a.limits[0]", "a limit without an amount", amounts],
    ],
    [
      "a bucket that resets at a time",
      `upstreams:\n  a: { ${UPSTREAM}, limits: [{ requests: { amount: 1, per: 1d, resets_at: "00:00" } }] }`,
      [
        2,
        "upstreams.a.limits[0].requests.resets_at",
        '"00:00"',
        "a window: fixed of whole days or 1mo, which alone resets at a time of day",
      ],
    ],
    [
      "a bucket of calendar months",
      `upstreams:\n  a: { ${UPSTREAM}, limits: [{ tokens: { amount: 1, per: 1mo } }] }`,
      [
        2,
        "upstreams.a.limits[0].tokens.per",
        '"1mo"',
        "a shorter time, or window: fixed for calendar months",
      ],
    ],
    [
      "a base URL with a password, which is not shown",
      "upstreams:\n  a: { dialect: generic, base_url: https://me:pw@example.com }",
      [
        2,
        "upstreams.a.base_url",
        '"https://(hidden)@example.com"',
        "an http or https URL without user, password or fragment, such as https://api.example.com/v1",
      ],
    ],
    [
      "a base URL with a user",
      "upstreams:\n  a: { dialect: generic, base_url: https://me@example.com }",
      [
        2,
        "upstreams.a.base_url",
        '"https://(hidden)@example.com"',
        "an http or https URL without user, password or fragment, such as https://api.example.com/v1",
      ],
    ],
    [
      "a time zone that does not exist",
      `upstreams:\n  a: { ${UPSTREAM}, limits: [{ requests: { amount: 1, per: 1d, window: fixed, time_zone: Mars/Base } }] }`,
      [
        2,
        "upstreams.a.limits[0].requests.time_zone",
        '"Mars/Base"',
        "an IANA time zone, such as UTC or America/New_York",
      ],
    ],
    [
      "a dialect that does not exist",
      "upstreams:\n  a: { dialect: opneai, base_url: https://example.com }",
      [
        2,
        "upstreams.a.dialect",
        '"opneai"',
        "a dialect such as openai, anthropic or generic; did you mean `openai`?",
      ],
    ],
  ] as [string, string, Told][])("%s", (_, text, expected) => check(text, expected));

  test("0.1 and 0.2 and 0.2 are a half", () => {
    const tiers = "tiers: { a: { guarantee: 0.1 }, b: { guarantee: 0.2 } }";
    check(`${tiers}\npolicy: { latency_guarantee: { batch: 0.2 } }`);
  });
});

describe("variables in a file", () => {
  test("a missing one is told with its name and line", () => {
    check(`upstreams:\n  a:\n    dialect: openai\n    base_url: "\${BASE}"\n`, [
      4,
      "upstreams.a.base_url",
      `\${BASE}, which is not set`,
      `the environment variable BASE, or a default as in \${BASE:-value}`,
    ]);
  });

  test("a wrong value names the variable it came from", () => {
    expect(
      problemsOf(`server: { connections: \${N} }`.replace(`\${N}`, `"\${N}"`), { N: "many" }),
    ).toEqual([
      [
        1,
        "server.connections",
        `"many" (from \${N})`,
        "a whole number from 1 to 1000000, such as 500, 10_000, 30k or 2M",
      ],
    ]);
  });

  test("a secret that landed in the wrong field is not shown", () => {
    const [[, , found]] = problemsOf(`server: { listen: "\${API_KEY}" }`, { API_KEY: "sk-live-1" });
    expect(found).toBe(`a text (hidden) (from \${API_KEY})`);
  });

  test("a value cannot change the structure", () => {
    const env = { EVIL: 'x"\n    retry_unsafe: true\n  b: {dialect: generic}' };
    const [[line, field, found]] = problemsOf(
      `upstreams:\n  a:\n    dialect: generic\n    base_url: "\${EVIL}"`,
      env,
    );
    expect([line, field]).toEqual([4, "upstreams.a.base_url"]);
    expect(found).toContain(`(from \${EVIL})`);
  });

  test("a bare one inside braces is explained", () => {
    const [[line, , , expected]] = problemsOf(`upstreams:\n  a: { api_key: \${X} }`);
    expect([line, expected]).toEqual([
      2,
      `quotes around a variable inside { } or [ ], as in "\${NAME}"`,
    ]);
  });
});

describe("a file that is no configuration", () => {
  test.each<[string, string, Told]>([
    ["tabs", "tiers:\n\tgold: {}", [2, "(root)", "a tab as indentation", "spaces"]],
    [
      "two colons",
      "server:\n  listen: a: b",
      [
        2,
        "server.listen.a",
        "a second `key: value` where one value should be",
        "one `key: value` a line, and quotes around a value that contains `: `",
      ],
    ],
    [
      "an unclosed list",
      "policy:\n  order: [tier,\nserver: {}",
      [
        3,
        "server",
        "invalid YAML (flow sequence in block collection must be sufficiently indented and end with a ])",
        "valid YAML",
      ],
    ],
    [
      "a key twice",
      "tiers:\n  gold: {}\n  gold: {}",
      [3, "tiers.gold", '"gold" a second time', "each key once"],
    ],
    [
      "two documents",
      "server: {}\n---\nserver: {}",
      [2, "server", "a second document after `---`", "one document"],
    ],
    ["nothing", "# later\n", [1, "(root)", "an empty file", "a configuration"]],
    [
      "an unquoted glob",
      "tenants: { a: { models: [*mini] } }",
      [
        1,
        "tenants.a.models",
        "the alias *mini, which nothing defines",
        "quotes around a text that starts with *",
      ],
    ],
    [
      "endless levels",
      "[".repeat(5_000),
      [1, "(root)", "too many levels", "a configuration of few levels"],
    ],
    [
      "a value that contains itself",
      "tiers: &a [*a]",
      [1, "tiers", "a list", "a mapping from names to tiers"],
    ],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(text)).toContainEqual(expected);
  });

  test("aliases that multiply", () => {
    const levels = "bcdefghi".split("").map((name, i) => {
      const before = "abcdefghi"[i];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
    });
    const [[line, field, found]] = problemsOf(["a: &a [x]", ...levels].join("\n"));
    expect([line, field, found]).toEqual([1, "(root)", "aliases that unfold to too much"]);
  });

  test("bytes that are not UTF-8", () => {
    expect(problemsOf(Uint8Array.of(0xff, 0xfe, 0x41))).toEqual([
      [null, "(root)", "bytes that are not UTF-8", "a text file in UTF-8"],
    ]);
  });

  test("more than 4 MiB", () => {
    expect(problemsOf(`# ${"x".repeat(4 * 2 ** 20)}`)).toEqual([
      [null, "(root)", "a file above 4 MiB", "at most 4 MiB"],
    ]);
  });

  test.each([
    ["missing.yaml", "no such file"],
    ["folder.yaml", "a directory"],
  ])("%s", (name, found) => {
    mkdirSync(join(folder, "folder.yaml"), { recursive: true });
    const loaded = loadConfig({ file: join(folder, name), env: {} });
    expect(loaded).toMatchObject({ ok: false, problems: [{ line: null, field: "(root)", found }] });
  });
});

test("a problem is one line to a person", () => {
  const problem = { field: "tiers.gold.weight", found: "-1", expected: "a number above 0" };
  expect(describeProblem({ ...problem, file: "sluice.yaml", line: 12 })).toBe(
    "sluice.yaml:12: tiers.gold.weight: found -1, expected a number above 0",
  );
  expect(describeProblem({ ...problem, file: null, line: null })).toBe(
    "tiers.gold.weight: found -1, expected a number above 0",
  );
});

describe("an object as configuration", () => {
  test("is told by fields, without file and lines", () => {
    const object = { tiers: { gold: { weight: "heavy" } } };
    expect(loadConfig({ object, env: {} })).toEqual({
      ok: false,
      problems: [
        {
          file: null,
          line: null,
          field: "tiers.gold.weight",
          found: '"heavy"',
          expected: "a number above 0",
        },
      ],
    });
  });

  test("may contain itself without harm", () => {
    const object: Record<string, unknown> = {};
    object.tiers = { gold: object };
    object.server = [object, object];
    expect(loadConfig({ object, env: {} })).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([
        expect.objectContaining({ field: "tiers.gold", found: "a value that contains itself" }),
      ]),
    });
  });
});
