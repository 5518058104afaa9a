/** Ordinary: what honest clients send, so that the others' harm would be seen on them. */
import { pick } from "../../gateway-random.ts";
import { GOOD, type MakeAttack, one, send } from "../attack.ts";
import {
  CHAT_PATHS,
  CLAIM,
  CLOSE,
  chatBody,
  chunked,
  head,
  identity,
  JSON_TYPE,
  withBody,
} from "../request-bytes.ts";

const SPOOFS = [
  "x-sluice-tenant: cedar",
  "x-sluice-tier: critical",
  `x-sluice-tags: ${CLAIM}`,
  "x-sluice-upstream: elsewhere",
  "X-SLUICE-Anything: 1",
  "x-sluice-chain: c1;step=2;depth=1",
  `baggage: a=1,sluice.task=${CLAIM}`,
  "x-sluice-latency: real-time",
];

const chat: MakeAttack = (means) => {
  const body = chatBody(means);
  const lines = [...identity(means), JSON_TYPE, CLOSE];
  return one(
    "chat",
    "POST",
    withBody("POST", pick(means.random, CHAT_PATHS), body, ...lines),
    GOOD,
  );
};

const spoof: MakeAttack = (means) => {
  const { random } = means;
  const lines = [...identity(means), JSON_TYPE, CLOSE, ...SPOOFS.filter(() => random() < 0.5)];
  const path = pick(random, CHAT_PATHS);
  return one("spoofed headers", "POST", withBody("POST", path, chatBody(means), ...lines), GOOD);
};

const stream: MakeAttack = (means) => {
  const body = chatBody(means, { stream: true });
  const lines = [...identity(means), JSON_TYPE, CLOSE];
  const path = pick(means.random, CHAT_PATHS);
  return one("stream", "POST", withBody("POST", path, body, ...lines), GOOD);
};

const read: MakeAttack = (means) => {
  const method = pick(means.random, ["GET", "HEAD", "DELETE", "OPTIONS", "PROPFIND"]);
  const target = `/plain/things/${means.mark}?q=%20&x`;
  return one("read", method, head(method, target, ...identity(means), CLOSE), GOOD);
};

const upload: MakeAttack = (means) => {
  const { random } = means;
  const body = `${means.mark} ${"x".repeat(random() * 5_000)}`;
  const lines = [...identity(means), "content-type: application/octet-stream", CLOSE];
  const isChunked = random() < 0.5;
  const bytes = isChunked
    ? head("PUT", "/plain/files", ...lines, "transfer-encoding: chunked") + chunked(random, body)
    : withBody("PUT", "/plain/files", body, ...lines);
  const cut = Math.floor(random() * bytes.length);
  const steps = [
    send(bytes.slice(0, cut)),
    { kind: "pause", ms: 5 } as const,
    send(bytes.slice(cut)),
  ];
  return { ...one("upload", "PUT", "", GOOD), steps };
};

const slot: MakeAttack = (means) => {
  const body = JSON.stringify({ upstream: "openai", model: "small-1", max_wait_ms: 1_000 });
  const ask = withBody("POST", "/sluice/v1/slots", body, ...identity(means));
  const how = pick(means.random, ["settle", "release"]);
  const make = (answer: string) => {
    const [, id] = /"slot":"(slot_\w+)"/.exec(answer) ?? [];
    return head("POST", `/sluice/v1/slots/${id}/${how}`, ...identity(means), CLOSE);
  };
  // The same key both times: a slot belongs to its tenant.
  return {
    kind: "slot",
    steps: [send(ask), { kind: "reply", make }],
    methods: ["POST", "POST"],
    least: 2,
    most: 2,
    statuses: GOOD,
    says: ["granted_at", '"state"'],
  };
};

const models: MakeAttack = (means) =>
  one("models", "GET", head("GET", "/v1/models", ...identity(means), CLOSE), GOOD);

const stranger: MakeAttack = (means) => {
  const line = pick(means.random, [
    "authorization: Bearer sk-unknown",
    "authorization: Basic Og==",
    "x-api-key: ",
    "x-sluice-tenant: acme",
    `cookie: key=${means.tenant.name}`,
    "authorization: Bearer",
  ]);
  const paths = [...CHAT_PATHS, "/sluice/v1/me", "/sluice/v1/slots", "/plain/x", "/v1/models"];
  const path = pick(means.random, paths);
  return one(
    "stranger",
    "POST",
    withBody("POST", path, chatBody(means), line, JSON_TYPE, CLOSE),
    [401],
  );
};

export const ORDINARY: readonly MakeAttack[] = [
  chat,
  spoof,
  stream,
  read,
  upload,
  slot,
  models,
  stranger,
];
