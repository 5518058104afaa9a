/** Framing: where a body begins and ends, told twice, falsely or not at all; what hides in it must stay a body. */
import { pick } from "../../gateway-random.ts";
import {
  type AttackMeans,
  EITHER,
  type MakeAttack,
  one,
  REFUSED,
  type Step,
  send,
} from "../attack.ts";
import { CLOSE, head, identity, stolen, withBody } from "../request-bytes.ts";

const TARGET = "/plain/framed";

function framed(means: AttackMeans, rest: string, ...lines: string[]): string {
  return head("POST", TARGET, ...identity(means), "content-type: a/b", ...lines) + rest;
}

const twoLengths: MakeAttack = (means) => {
  const hidden = stolen(means);
  const { length } = hidden;
  const lines = pick(means.random, [
    ["content-length: 0", `content-length: ${length}`],
    [`content-length: ${length}`, "content-length: 0"],
    [`content-length: 0, ${length}`],
    ["content-length: 5", "transfer-encoding: chunked"],
    ["transfer-encoding: chunked", `content-length: ${length + 5}`],
    ["Content-Length: 0", "Transfer-Encoding: chunked", "Content-Length: 3"],
  ]);
  return one("two lengths", "POST", framed(means, `0\r\n\r\n${hidden}`, ...lines), [400]);
};

const falseLength: MakeAttack = (means) => {
  const value = pick(means.random, [
    ..."+5|-1|0x5|5 5|1e1|5;|5,|\xd9\xa5|99999999999999999999999|NaN|5.0|\x0b5|5\x00".split("|"),
    "",
  ]);
  const bytes = framed(means, `0\r\n\r\n${stolen(means)}`, `content-length: ${value}`);
  return one("false length", "POST", bytes, [400]);
};

const falseCoding: MakeAttack = (means) => {
  const line = pick(means.random, [
    "transfer-encoding: xchunked",
    "transfer-encoding: chunked, identity",
    "transfer-encoding: chunked-x",
    "transfer-encoding: gzip",
    "transfer-encoding: chunked\r\ntransfer-encoding: identity",
    "transfer-encoding : chunked",
    "transfer-encoding: \x0bchunked",
    'transfer-encoding: "chunked"',
    "transfer-encoding: chunked;q=1",
    "transfer\x00-encoding: chunked",
    "transfer-encoding: cow\r\ntransfer-encoding: chunked\r\ncontent-length: 4",
  ]);
  const bytes = framed(means, `0\r\n\r\n${stolen(means)}`, line);
  return one("false coding", "POST", bytes, REFUSED);
};

/** The head is good, and by the time its body proves bad an answer may be on its way. */
const badChunks: MakeAttack = (means) => {
  const hidden = stolen(means);
  const rest = pick(means.random, [
    `zz\r\nabc\r\n0\r\n\r\n${hidden}`,
    `-1\r\nabc\r\n0\r\n\r\n${hidden}`,
    `0x3\r\nabc\r\n0\r\n\r\n${hidden}`,
    `ffffffffffffffffff\r\nabc\r\n0\r\n\r\n${hidden}`,
    `3\nabc\n0\n\n${hidden}`,
    `3\r\nabcdef\r\n0\r\n\r\n${hidden}`,
    `3\r\nabc0\r\n\r\n${hidden}`,
    `3 \r\nabc\r\n0\r\n\r\n${hidden}`,
    `3;${"x".repeat(20_000)}\r\nabc\r\n0\r\n\r\n${hidden}`,
    `\r\n3\r\nabc\r\n0\r\n\r\n${hidden}`,
    `0\r\n${"x: y\r\n".repeat(4_000)}\r\n${hidden}`,
    "5\r\nab",
  ]);
  const bytes = framed(means, rest, "transfer-encoding: chunked");
  return { ...one("bad chunks", "POST", bytes, REFUSED), least: 0, mayBreak: true };
};

const oddButGood: MakeAttack = (means) => {
  const { mark, random } = means;
  const body = `3;a="b"\r\nabc\r\n${mark.length.toString(16).toUpperCase()}\r\n${mark}\r\n0\r\nx-late: 1\r\nx-sluice-late: 1\r\n\r\n`;
  const coding = pick(random, ["chunked", "CHUNKED", " chunked ", "\tchunked"]);
  const before = pick(random, ["", "\r\n", "\r\n\r\n"]);
  return one(
    "odd but good",
    "POST",
    before + framed(means, body, `transfer-encoding: ${coding}`, CLOSE),
    [200],
  );
};

const lineEnds: MakeAttack = (means) => {
  const { random } = means;
  const good = withBody("POST", TARGET, means.mark, ...identity(means), CLOSE);
  const ends = [...good.matchAll(/\r\n/g)].map(({ index }) => index);
  const at = pick(random, ends);
  const end = pick(random, [
    "\n",
    "\r",
    "\r\r\n",
    "\n\r",
    "\r\n ",
    "\r\n\t",
    "\r\n\x00",
    "\x00\r\n",
    "\x85",
  ]);
  const bytes = good.slice(0, at) + end + good.slice(at + 2);
  // Fewer bytes than its length says, or a head that does not end: its time runs out. Where the
  // line that asks for an end was damaged, the connection stays open: the client leaves then.
  const steps: Step[] = [send(bytes), { kind: "reply", make: () => "" }, { kind: "leave" }];
  return { ...one("line ends", "POST", "", EITHER), steps, least: 0, mayBreak: true };
};

const headLines: MakeAttack = (means) => {
  const line = pick(means.random, [
    "no colon",
    ": no name",
    "na me: x",
    "x-folded: a\r\n b",
    "x-null: a\x00b",
    "x-bell: \x07",
    "x-del: \x7f",
    "x(y): z",
    "\xe9: x",
    "x-forged\r: 1",
  ]);
  const bytes = head("GET", TARGET, ...identity(means), line, CLOSE);
  return one("head lines", "GET", bytes, EITHER);
};

const hidden: MakeAttack = (means) => {
  const { random } = means;
  const body = stolen(means).repeat(1 + Math.floor(random() * 3));
  const bytes = withBody("POST", TARGET, body, ...identity(means), "content-type: a/b", CLOSE);
  const cut = Math.floor(random() * bytes.length);
  const steps = [
    send(bytes.slice(0, cut)),
    { kind: "pause", ms: 2 } as const,
    send(bytes.slice(cut)),
  ];
  return { ...one("request as a body", "POST", "", [200]), steps };
};

export const FRAMING: readonly MakeAttack[] = [
  twoLengths,
  falseLength,
  falseCoding,
  badChunks,
  oddButGood,
  lineEnds,
  headLines,
  hidden,
];
