/**
 * Child: one part of the demo in a process of its own, so that no part slows another; orders go over
 * IPC. It ends with its parent, however that one ends.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

interface Order {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** What a child can be asked: argument in, value out, both JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each child names its own arguments
export type Orders = Readonly<Record<string, (argument: any) => unknown>>;

/** Long enough for a busy machine; nothing here takes long. */
const ANSWER_MS = 20_000;
const END_MS = 2_000;
const KEPT_STDERR = 2_000;

/** The parent's side. */
export class Child<O extends Orders> {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply | Error) => void>();
  #stderr = "";
  #orders = 0;

  /** `module` calls {@link obey}. */
  constructor(name: string, module: URL) {
    this.#name = name;
    this.#process = fork(fileURLToPath(module), {
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr?.on("data", (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-KEPT_STDERR);
    });
    this.#process.on("message", (reply: Reply) => this.#waiting.get(reply.id)?.(reply));
    this.#process.on("error", (error) => this.#failAll(error));
    this.#process.on("exit", () => this.#failAll(this.#lost()));
  }

  /** @throws Error when the child failed at it, has died or does not answer. */
  async ask<N extends keyof O & string>(
    name: N,
    argument: Parameters<O[N]>[0],
  ): Promise<Awaited<ReturnType<O[N]>>> {
    const id = ++this.#orders;
    const reply = await this.#exchange({ id, name, argument });
    if ("error" in reply) throw new Error(`${this.#name}: ${reply.error}`);
    return reply.value as Awaited<ReturnType<O[N]>>;
  }

  async close(): Promise<void> {
    const { exitCode, signalCode, connected } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const gone = once(this.#process, "exit");
    if (connected) this.#process.disconnect();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), END_MS);
    await gone;
    clearTimeout(timer);
  }

  #exchange(order: Order): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const end = (answer: Reply | Error) => {
        clearTimeout(timer);
        this.#waiting.delete(order.id);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const slow = () => end(new Error(`${this.#name} did not answer within ${ANSWER_MS} ms`));
      const timer = setTimeout(slow, ANSWER_MS);
      this.#waiting.set(order.id, end);
      if (!this.#process.connected) end(this.#lost());
      else this.#process.send(order, (error) => error && end(error));
    });
  }

  #failAll(error: Error): void {
    for (const end of [...this.#waiting.values()]) end(error);
  }

  #lost(): Error {
    const why = this.#stderr
      .trim()
      .split("\n")
      .find((line) => /\w*Error\b/.test(line));
    return new Error(`${this.#name} has ended${why === undefined ? "" : `: ${why}`}`);
  }
}

/** The child's side: obeys until the parent goes. Ctrl-C reaches the whole group; the parent decides. */
export function obey(orders: Orders): void {
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit());
  process.on("message", async ({ id, name, argument }: Order) => {
    const reply = await carryOut(orders, name, argument).then(
      (value) => ({ id, value }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    );
    process.send?.(reply);
  });
}

async function carryOut(orders: Orders, name: string, argument: unknown): Promise<unknown> {
  return await orders[name](argument);
}
