/** Bodies: what is no JSON, hardly any, or too much of it; and values of every type where one is expected. */
import { gzipSync } from "node:zlib";
import { pick } from "../../gateway-random.ts";
import { EITHER, type MakeAttack, one, send, utf8 } from "../attack.ts";
import {
  CHAT_PATHS,
  CLOSE,
  chatBody,
  head,
  identity,
  JSON_TYPE,
  withBody,
} from "../request-bytes.ts";

const PATHS = [...CHAT_PATHS, "/v1/responses", "/v1/embeddings", "/plain/x", "/sluice/v1/slots"];
const GEMINI = "/gemini/v1beta/models/small-1:generateContent";
/** A demand above a limit is refused; a slot is refused where its time is over. */
const ANY = [...EITHER, 415, 429, 503] as const;

const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -1e308,
  "",
  "x",
  "\u0000",
  "\ud800",
  "a\r\nx-forged: 1",
  "模型",
  "../../x",
  "openai/../x",
  "openai/",
  "/",
  "__proto__",
  "constructor",
  "x".repeat(300),
  "é".repeat(250),
  [],
  [[]],
  [null],
  [{}],
  {},
  { __proto__: null, toString: 1 },
  { length: -1 },
  { type: "text", text: { text: "x" } },
];
const FIELDS = [
  ..."model messages max_tokens max_completion_tokens n stream stream_options tools metadata".split(
    " ",
  ),
  ..."system input contents generationConfig user response_format reasoning service_tier".split(
    " ",
  ),
  ..."upstream demand task max_wait_ms previous_response_id input_file_id prediction".split(" "),
];

const values: MakeAttack = (means) => {
  const { random } = means;
  const fields: Record<string, unknown> = {};
  for (let i = 0; i < 1 + random() * 4; i++) fields[pick(random, FIELDS)] = pick(random, STRANGE);
  const inner = pick(random, [
    "role",
    "content",
    "type",
    "name",
    "input_schema",
    "image_url",
    "source",
  ]);
  if (random() < 0.3)
    fields["messages"] = [{ role: "user", content: "x", [inner]: pick(random, STRANGE) }];
  if (random() < 0.2) fields["contents"] = [{ parts: [{ [inner]: pick(random, STRANGE) }] }];
  if (random() < 0.2) fields["tools"] = [{ type: "function", function: pick(random, STRANGE) }];
  if (random() < 0.2)
    fields["demand"] = { requests: pick(random, STRANGE), units: pick(random, STRANGE) };
  const body = chatBody(means, fields);
  const path = pick(random, [...PATHS.slice(0, -1), GEMINI]);
  return one(
    "strange values",
    "POST",
    withBody("POST", path, body, ...identity(means), JSON_TYPE, CLOSE),
    ANY,
  );
};

const slots: MakeAttack = (means) => {
  const { random } = means;
  const amount = () => pick(random, [...STRANGE, 1_000_000]);
  const body = {
    upstream: pick(random, ["openai", ...STRANGE]),
    model: pick(random, STRANGE),
    demand: pick(random, [amount(), { requests: amount() }, { units: { x: amount() } }, { x: 1 }]),
    task: pick(random, [...STRANGE, { latency: amount(), chain: amount() }]),
    max_wait_ms: amount(),
  };
  const ask = withBody("POST", "/sluice/v1/slots", utf8(JSON.stringify(body)), ...identity(means));
  // One that is granted is given back.
  const make = (answer: string) => {
    const [, id = "none"] = /"slot":"(slot_\w+)"/.exec(answer) ?? [];
    return head("POST", `/sluice/v1/slots/${id}/release`, ...identity(means), CLOSE);
  };
  return {
    kind: "strange slots",
    steps: [send(ask), { kind: "reply", make }],
    methods: ["POST", "POST"],
    least: 2,
    most: 2,
    statuses: ANY,
  };
};

const noJson: MakeAttack = (means) => {
  const { random } = means;
  // Damage may fall anywhere: what is looked for later must not be damaged.
  const good = chatBody({ ...means, mark: "it" }, { metadata: undefined });
  const cut = Math.floor(random() * good.length);
  const body = pick(random, [
    () => good.slice(0, cut),
    () => `${good.slice(0, cut)}\xff\xfe${good.slice(cut)}`,
    () => `${good.slice(0, cut)}\x00${good.slice(cut)}`,
    () => `\xef\xbb\xbf${good}`,
    () => Buffer.from(good, "utf16le").toString("latin1"),
    () => gzipSync(Buffer.from(good, "latin1")).toString("latin1"),
    () => `${good}${good}`,
    () => good.replace("{", '{"x":NaN,'),
    () => good.replace("}", ",}"),
    () => good.replace("{", '{"model":"large-1",'),
    () => good.replace("{", '{"__proto__":{"model":"x"},"constructor":{"prototype":{}},'),
    () => good.replace("{", `{"x":${"9".repeat(5_000)},`),
    () => good.replace("{", '{"x":"\\ud800\\u0000",'),
    () => "null",
    () => `"${"x".repeat(1_000)}"`,
    () => "\xc0\xaf\xed\xa0\x80",
  ])();
  const type = pick(random, [
    JSON_TYPE,
    "content-type: text/plain",
    "content-type: Application/JSON;x",
    "x: y",
  ]);
  const path = pick(random, PATHS.slice(0, -1));
  return one("no JSON", "POST", withBody("POST", path, body, ...identity(means), type, CLOSE), ANY);
};

const deep: MakeAttack = (means) => {
  const { random } = means;
  const levels = Math.floor(10 ** (1 + random() * 3.6));
  const [open, close] = pick(random, [
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"content":', "}]"],
    ['[{"items":', "}]"],
  ]);
  const nest = `${open.repeat(levels)}1${close.repeat(levels)}`;
  const field = pick(random, ["messages", "tools", "x", "metadata", "system", "upstream"]);
  // Nobody reads so deep, and so nobody finds the claims in it.
  const body = chatBody(means, { metadata: undefined }).replace("{", `{"${field}":${nest},`);
  const path = pick(random, [...PATHS, GEMINI]);
  return one(
    "nested deep",
    "POST",
    withBody("POST", path, body, ...identity(means), JSON_TYPE, CLOSE),
    ANY,
  );
};

const tooLarge: MakeAttack = (means) => {
  const { random } = means;
  const lines = [...identity(means), JSON_TYPE, CLOSE];
  const size = 270_000;
  const isHonest = random() < 0.5;
  const bytes = isHonest
    ? withBody("POST", "/v1/chat/completions", "x".repeat(size), ...lines)
    : `${head("POST", "/v1/chat/completions", ...lines, "transfer-encoding: chunked")}${size.toString(16)}\r\n${"x".repeat(size)}\r\n0\r\n\r\n`;
  return { ...one("too large", "POST", "", [413]), steps: [send(bytes)] };
};

export const BODIES: readonly MakeAttack[] = [values, values, slots, noJson, deep, tooLarge];
