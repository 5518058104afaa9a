/** A gateway in a process of its own, as a user starts it, that a test may kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { MAIN } from "./main-path.ts";

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** What it has said so far. */
  readonly log: string;
  /** SIGKILL: it has no time to write anything. */
  kill(): Promise<void>;
}

/** With the configuration in `file`; it listens on a free port. */
export async function startGatewayProcess(file: string): Promise<GatewayProcess> {
  const args = [MAIN, "serve", "-c", file, "--listen", "127.0.0.1:0", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  // A test that is cut off by its time limit must not leave it behind.
  process.once("exit", () => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += String(chunk);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), ended(child)]);
  if (line === undefined) throw new Error(`the gateway has ended: ${log}`);
  const { url } = JSON.parse(String(line)) as { url: string };
  return {
    url,
    get log() {
      return log;
    },
    kill: () => end(child, "SIGKILL"),
    [Symbol.asyncDispose]: () => end(child, "SIGTERM"),
  };
}

async function ended(child: ChildProcess): Promise<[undefined]> {
  await once(child, "exit");
  return [undefined];
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}
