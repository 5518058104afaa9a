/** Leaving: clients that go away at any moment, dawdle, or never read what they asked for. */
import { pick } from "../../gateway-random.ts";
import { type Attack, EITHER, GOOD, type MakeAttack, one, type Step, send } from "../attack.ts";
import {
  CHAT_PATHS,
  CLOSE,
  chatBody,
  head,
  identity,
  JSON_TYPE,
  withBody,
} from "../request-bytes.ts";

const gone: MakeAttack = (means) => {
  const { random } = means;
  const lines = [...identity(means), JSON_TYPE];
  const body = chatBody(means, { stream: random() < 0.5 });
  const path = pick(random, [...CHAT_PATHS, "/plain/slow", "/shaky/silent", "/sluice/v1/slots"]);
  const bytes = withBody("POST", path, body, ...lines);
  const sent = random() < 0.5 ? bytes : bytes.slice(0, random() * bytes.length);
  const steps: Step[] = [send(sent), { kind: "pause", ms: random() * 40 }, { kind: "leave" }];
  return { ...one("gone", "POST", "", [...EITHER, 429]), steps, least: 0, mayBreak: true };
};

/** A slot that nobody waits for any more is none. */
const halfClosed: MakeAttack = (means) => {
  const bytes = withBody(
    "POST",
    "/plain/slow",
    means.mark,
    ...identity(means),
    "content-type: a/b",
  );
  const steps: Step[] = [send(bytes), { kind: "half-close" }];
  return { ...one("half-closed", "POST", "", EITHER), steps, least: 0, mayBreak: true };
};

const slowHead: MakeAttack = (means) => {
  const bytes = head("GET", "/plain/x", ...identity(means), CLOSE);
  const cut = Math.floor(means.random() * (bytes.length - 1));
  return { ...one("slow head", "GET", bytes.slice(0, cut), [408]) };
};

const slowBody: MakeAttack = (means) => {
  const { random } = means;
  const bytes = withBody(
    "POST",
    "/v1/chat/completions",
    chatBody(means),
    ...identity(means),
    JSON_TYPE,
  );
  const cut = bytes.indexOf("\r\n\r\n") + 4 + Math.floor(random() * 20);
  const drops: Step[] = Array.from({ length: 8 }, (_, i) => [
    { kind: "pause", ms: 300 } as const,
    send(bytes.slice(cut + i, cut + i + 1)),
  ]).flat();
  // Whoever goes on sending may be cut off before it has read why.
  const steps = [send(bytes.slice(0, cut)), ...drops];
  return { ...one("slow body", "POST", "", [408]), steps, least: 0 };
};

/** It passes as it comes, and ends with the time that the whole call has. */
const slowUpload: MakeAttack = (means) => {
  const bytes = withBody(
    "POST",
    "/plain/x",
    "x".repeat(50),
    ...identity(means),
    "content-type: a/b",
  );
  return one("slow upload", "POST", bytes.slice(0, -20), [408]);
};

const unread: MakeAttack = (means) => {
  const steps: Step[] = [
    send(head("GET", "/plain/large", ...identity(means), CLOSE)),
    { kind: "stop-reading", ms: 300 + means.random() * 500 },
  ];
  return { ...one("unread answer", "GET", "", GOOD), steps, mayBreak: true };
};

/** What is unwell is not asked again until it has rested. */
const UNWELL = [429, 502, 503, 504];
const IMPATIENT = "x-sluice-max-wait-ms: 300";

const silentUpstream: MakeAttack = (means) =>
  one(
    "silent upstream",
    "GET",
    head("GET", "/shaky/silent", ...identity(means), IMPATIENT, CLOSE),
    UNWELL,
  );

const brokenUpstream: MakeAttack = (means) => {
  const path = pick(means.random, ["/shaky/reset", "/shaky/cut"]);
  const attack: Attack = one(
    "broken upstream",
    "GET",
    head("GET", path, ...identity(means), IMPATIENT, CLOSE),
    UNWELL,
  );
  // A head whose body broke off is no whole answer.
  return path === "/shaky/cut" ? { ...attack, least: 0, mayBreak: true } : attack;
};

const idle: MakeAttack = () => ({ ...one("nothing asked", "GET", "", [408]), steps: [] });

export const LEAVING: readonly MakeAttack[] = [gone, gone, gone, halfClosed];
/** They take their time, so there are few of them. */
export const DAWDLING: readonly MakeAttack[] = [
  slowHead,
  slowBody,
  slowUpload,
  unread,
  silentUpstream,
  brokenUpstream,
  idle,
];
