/** Tenant instances: libraries and processes that share a Redis, and what a tenant may do at all of them. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createSluice, type Sluice } from "../../../src/index.ts";

export interface SharedTenant {
  readonly quotas?: Readonly<Record<string, number>>;
  readonly max_parallel_requests?: number;
}

export function sharedConfig(url: string, acme: SharedTenant, more: object = {}) {
  return {
    store: { kind: "redis", url },
    tenants: { acme: { tier: "standard", ...acme } },
    upstreams: {
      it: { dialect: "generic", base_url: "http://127.0.0.1:9", limits: [{ rpm: 1e9 }] },
    },
    ...more,
  };
}

export async function openInstance(url: string, acme: SharedTenant, more: object = {}) {
  const sluice = await createSluice({ config: sharedConfig(url, acme, more), env: {} });
  return Object.assign(sluice, { [Symbol.asyncDispose]: () => sluice.close() });
}

export interface SlotWish {
  readonly tokens?: number;
  readonly maxWaitMs?: number;
}

/** Waits for a slot of the tenant. @throws SluiceError */
export function acquireAt(sluice: Sluice, { tokens = 0, maxWaitMs = 10_000 }: SlotWish = {}) {
  return sluice.acquire({
    upstream: "it",
    tenant: "acme",
    maxWaitMs,
    demand: { requests: 1, inputTokens: tokens },
  });
}

/** What one process is told to do; it answers with lines of `WorkerNews`. */
export interface WorkerTask {
  readonly config: object;
  /** Calls at the same time. */
  readonly lanes: number;
  /** In all; each lane ends earlier at its first refusal. */
  readonly calls: number;
  readonly tokens: number;
  readonly holdMs: number;
  readonly maxWaitMs: number;
}

export type WorkerNews =
  | { readonly kind: "ready" }
  | { readonly kind: "granted" | "settled"; readonly at: number }
  | { readonly kind: "done"; readonly served: number; readonly codes: readonly string[] };

const WORKER = join(import.meta.dirname, "tenant-worker.ts");

export class TenantProcess {
  readonly news: WorkerNews[] = [];
  readonly #child: ChildProcess;
  readonly #done: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#done = once(child, "exit");
    child.on("message", (one: WorkerNews) => this.news.push(one));
  }

  static async start(task: WorkerTask): Promise<TenantProcess> {
    const child = fork(WORKER, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const process = new TenantProcess(child);
    child.send(task);
    await once(child, "message");
    return process;
  }

  /** Lets it begin. */
  begin(): void {
    this.#child.send("begin");
  }

  count(kind: WorkerNews["kind"]): number {
    return this.news.filter((one) => one.kind === kind).length;
  }

  /** How many calls were served, and what the others were refused with. */
  async ended(): Promise<Extract<WorkerNews, { kind: "done" }>> {
    await this.#done;
    const last = this.news.find((one) => one.kind === "done");
    if (last?.kind !== "done") throw new Error("the process has ended without a word");
    return last;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#done;
  }
}
