/** Heads: too large, too many, repeated, or with names and values that mean something to a program. */
import { pick } from "../../gateway-random.ts";
import { EITHER, GOOD, type MakeAttack, one } from "../attack.ts";
import { CLOSE, chatBody, head, identity, JSON_TYPE, withBody } from "../request-bytes.ts";

const large: MakeAttack = (means) => {
  const { random } = means;
  const size = 17_000 + random() * 100_000;
  const bytes = pick(random, [
    () => head("GET", "/plain/x", ...identity(means), `x-large: ${"x".repeat(size)}`, CLOSE),
    () => head("GET", `/plain/${"x".repeat(size)}`, ...identity(means), CLOSE),
    () =>
      head("GET", "/plain/x", ...identity(means), ..."a: b|".repeat(size / 5).split("|", size / 5)),
    () => head("GET", "/plain/x", `authorization: Bearer ${"k".repeat(size)}`),
  ])();
  // It may still send when it is cut off, and then never sees why.
  return { ...one("large heads", "GET", bytes, [400, 414, 431]), least: 0 };
};

const many: MakeAttack = (means) => {
  const count = 1_000 + means.random() * 1_500;
  const lines = Array.from({ length: count }, () => "a:b");
  const bytes = withBody("POST", "/plain/x", means.mark, ...identity(means), CLOSE, ...lines);
  return one("many headers", "POST", bytes, [200, 431]);
};

const named: MakeAttack = (means) => {
  const { random } = means;
  const lines = [
    "__proto__: x",
    "constructor: x",
    "connection: authorization, x-mark, content-length, x-api-key",
    "connection: close, transfer-encoding",
    "keep-alive: timeout=9999",
    "te: trailers, deflate",
    "proxy-authorization: Basic eDp5",
    "x-latin: caf\xe9",
    "x-empty:",
    "cookie: a=1; b=2",
    "cookie: c=3",
    "x-twice: 1",
    "x-twice: 2",
    "via: 1.1 x",
    "x-http-method-override: DELETE",
    "content-encoding: gzip",
    "accept-encoding: gzip, br",
    "range: bytes=0-1,2-3",
    "if-none-match: *",
    "host: another.example",
    "x-forged: 0",
  ].filter(() => random() < 0.3);
  // Two hosts are none.
  return one(
    "named headers",
    "GET",
    head("GET", "/plain/x", ...identity(means), ...lines, CLOSE),
    [200, 400],
  );
};

const claims: MakeAttack = (means) => {
  const { random } = means;
  const value = () =>
    pick(random, [
      "",
      "-1",
      "1e9",
      "NaN",
      "0",
      "10",
      "\xff",
      "a,b,,c",
      "none",
      "x".repeat(5_000),
      "batch",
    ]);
  const names = [
    "latency",
    "max-wait-ms",
    "deadline-ms",
    "fallback",
    "chain",
    "min-quality",
    "trim",
    "tags",
    "task-type",
  ];
  const lines = names.filter(() => random() < 0.3).map((name) => `x-sluice-${name}: ${value()}`);
  const body = chatBody(means);
  const bytes = withBody(
    "POST",
    "/v1/chat/completions",
    body,
    ...identity(means),
    JSON_TYPE,
    CLOSE,
    ...lines,
  );
  // A max wait or deadline of next to nothing is a wish that may not be granted.
  return one("strange claims", "POST", bytes, [...EITHER, 429, 504]);
};

/** A key in every place at once, or twice in one: none of them travels on. */
const keys: MakeAttack = (means) => {
  const { random, tenant, mark } = means;
  const names = ["authorization: Bearer ", "x-api-key: ", "api-key: ", "x-goog-api-key: "];
  const lines = names.filter(() => random() < 0.6).map((name) => name + tenant.key);
  const path = pick(random, ["/plain/x", "/openai/x", "/claude/x"]);
  const first = `x-sluice-key: ${tenant.key}`;
  return one(
    "keys everywhere",
    "GET",
    head("GET", path, first, `x-mark: ${mark}`, ...lines, CLOSE),
    GOOD,
  );
};

export const HEADS: readonly MakeAttack[] = [large, many, named, claims, keys];
