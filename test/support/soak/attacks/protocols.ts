/** Protocols: other methods, other versions, other protocols altogether. */
import { pick } from "../../gateway-random.ts";
import { EITHER, GOOD, type MakeAttack, one, REFUSED, type Step, send } from "../attack.ts";
import { CLOSE, chatBody, head, identity, JSON_TYPE, withBody } from "../request-bytes.ts";

const methods: MakeAttack = (means) => {
  const method = pick(means.random, [
    "FOO",
    "get",
    "G ET",
    "",
    "GET\x00",
    "BREW",
    "X".repeat(200),
    "TRACE",
  ]);
  const path = pick(means.random, [
    "/plain/x",
    "/openai/x",
    "/v1/chat/completions",
    "/health/live",
  ]);
  return one("methods", method, head(method, path, ...identity(means), CLOSE), REFUSED);
};

/** No tunnel is ever opened: the connection is closed, with or without a word. */
const tunnel: MakeAttack = (means) => {
  const target = pick(means.random, [means.trap, "/plain/x", `http://${means.trap}/`, "*"]);
  const bytes = head("CONNECT", target, ...identity(means)) + head("GET", "/secret", CLOSE);
  return { ...one("tunnel", "CONNECT", bytes, REFUSED), least: 0 };
};

const upgrade: MakeAttack = (means) => {
  const lines = pick(means.random, [
    [
      "connection: Upgrade, close",
      "upgrade: websocket",
      "sec-websocket-key: dGhlIHNhbXBsZQ==",
      "sec-websocket-version: 13",
    ],
    [
      "connection: Upgrade, HTTP2-Settings, close",
      "upgrade: h2c",
      "http2-settings: AAMAAABkAAQAoAAAAAIAAAAA",
    ],
    ["connection: upgrade, close", "upgrade: TLS/1.0"],
  ]);
  return one("upgrade", "GET", head("GET", "/plain/x", ...identity(means), ...lines), GOOD);
};

const versions: MakeAttack = (means) => {
  const { random } = means;
  const version = pick(random, [
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/1.2",
    "HTTP/9.9",
    "http/1.1",
    "HTTP/1",
    "ICY",
    "",
  ]);
  const bytes = head("GET", "/plain/x", ...identity(means), CLOSE).replace("HTTP/1.1", version);
  return one("versions", "GET", bytes, EITHER);
};

const oldClient: MakeAttack = (means) => {
  const { random } = means;
  const alive = random() < 0.5 ? [] : ["connection: close"];
  const bytes = withBody(
    "POST",
    "/v1/chat/completions",
    chatBody(means),
    ...identity(means),
    JSON_TYPE,
    ...alive,
  );
  return one("HTTP/1.0", "POST", bytes.replace("HTTP/1.1", "HTTP/1.0"), GOOD);
};

const otherProtocols: MakeAttack = (means) => {
  const { random } = means;
  const bytes = pick(random, [
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "EHLO x\r\nMAIL FROM:<a@b>\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "*1\r\n$4\r\nPING\r\n",
    "\x00",
    String.fromCharCode(...Array.from({ length: 300 }, () => Math.floor(random() * 256))),
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n\r\n",
  ]);
  const steps: Step[] = [send(bytes)];
  return { ...one("other protocols", "GET", "", REFUSED), steps, least: 0 };
};

const expected: MakeAttack = (means) => {
  const { random } = means;
  const isKnown = random() < 0.7;
  const line = isKnown
    ? "expect: 100-continue"
    : pick(random, ["expect: 200-ok", "expect: x", "expect:"]);
  const bytes = withBody(
    "POST",
    "/v1/chat/completions",
    chatBody(means),
    ...identity(means),
    JSON_TYPE,
    line,
    CLOSE,
  );
  const cut = bytes.indexOf("\r\n\r\n") + 4;
  const steps: Step[] = [
    send(bytes.slice(0, cut)),
    { kind: "pause", ms: 10 },
    send(bytes.slice(cut)),
  ];
  // Whoever sends on after the refusal may be cut off before reading it.
  const statuses = isKnown ? GOOD : [200, 417];
  return { ...one("expect", "POST", "", statuses), steps, least: isKnown ? 1 : 0 };
};

export const PROTOCOLS: readonly MakeAttack[] = [
  methods,
  tunnel,
  upgrade,
  versions,
  oldClient,
  otherProtocols,
  expected,
];
