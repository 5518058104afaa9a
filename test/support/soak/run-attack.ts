/** Run attack: does what an attack says on a connection of its own, and finds what went wrong. */
import { connect, type Socket } from "node:net";
import { pause } from "../gateway.ts";
import type { Attack, Step } from "./attack.ts";
import { MARK, PROVIDER_KEY, TENANT_KEY } from "./echo-upstream.ts";
import { type RawAnswer, readAnswers } from "./read-answers.ts";

/** Far beyond every time limit of the gateway, however busy the machine is. */
const LONGEST_MS = 20_000;

export interface Ran {
  readonly statuses: readonly number[];
  /** Null: all is as it must be. */
  readonly wrong: string | null;
  /** Everything that came. */
  readonly text: string;
  readonly tookMs: number;
}

interface Line {
  readonly socket: Socket;
  text: string;
  readonly closed: Promise<"closed">;
}

export async function runAttack(
  url: string,
  attack: Attack & { readonly mark: string },
): Promise<Ran> {
  const startedAt = performance.now();
  const line = await open(url);
  const hasLeft = await play(line, attack.steps);
  const isHanging = (await inTime(line.closed)) === null;
  line.socket.destroy();
  const { answers, rest } = readAnswers(line.text, attack.methods);
  const wrong = isHanging ? "the connection did not end" : null;
  return {
    statuses: answers.map(({ status }) => status),
    wrong: wrong ?? wrongWith(attack, answers, hasLeft ? "" : rest, line.text),
    text: line.text,
    tookMs: performance.now() - startedAt,
  };
}

async function open(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  const closed = new Promise<"closed">((resolve) => socket.on("close", () => resolve("closed")));
  const line: Line = { socket, text: "", closed };
  socket.on("data", (chunk) => {
    line.text += chunk.toString("latin1");
  });
  // A connection that is cut is one way for it to end.
  socket.on("error", () => {});
  await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closed]);
  return line;
}

/** True: it has gone away by itself. */
async function play(line: Line, steps: readonly Step[]): Promise<boolean> {
  const { socket } = line;
  for (const step of steps) {
    if (socket.destroyed) break;
    if (step.kind === "send") socket.write(step.bytes, "latin1");
    else if (step.kind === "pause") await pause(step.ms);
    else if (step.kind === "half-close") socket.end();
    else if (step.kind === "stop-reading") {
      socket.pause();
      await pause(step.ms);
      socket.resume();
    } else if (step.kind === "reply") socket.write(step.make(await firstAnswer(line)), "latin1");
    else {
      socket.destroy();
      return true;
    }
  }
  return false;
}

async function firstAnswer(line: Line): Promise<string> {
  const endsAt = performance.now() + LONGEST_MS;
  while (performance.now() < endsAt && !line.socket.destroyed) {
    const [answer] = readAnswers(line.text, [], false).answers;
    if (answer !== undefined) return answer.body;
    await pause(2);
  }
  return "";
}

async function inTime<T>(what: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), LONGEST_MS);
  });
  const first = await Promise.race([what, late]);
  clearTimeout(timer);
  return first;
}

function wrongWith(
  attack: Attack & { readonly mark: string },
  answers: readonly RawAnswer[],
  rest: string,
  text: string,
): string | null {
  const { least, most, statuses, says = [], mark } = attack;
  if (rest !== "" && attack.mayBreak !== true) return `no answer: ${rest.slice(0, 200)}`;
  if (answers.length < least || answers.length > most) return `${answers.length} answers`;
  const status = answers.find((answer) => !statuses.includes(answer.status))?.status;
  if (status !== undefined) return `status ${status}`;
  const foreign = (text.match(MARK) ?? []).find((one) => one.split(".")[0] !== mark);
  if (foreign !== undefined) return `another connection's ${foreign}`;
  if (text.includes(PROVIDER_KEY)) return "the provider's credential";
  if (TENANT_KEY.test(text)) return "a tenant's key";
  if (text.includes("could not handle this request")) return "a failure of the gateway itself";
  if (/\n +at .+:\d+/.test(text)) return "a stack trace";
  if (answers.some(({ head }) => /\r\n(?:x-forged|x-sluice-\w+: x-forged)/i.test(head)))
    return "a forged header";
  const silent = says.findIndex((words, i) => !answers[i]?.body.includes(words));
  return silent < 0 ? null : `answer ${silent} does not say ${says[silent]}`;
}
