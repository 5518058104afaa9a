/** A gateway with tenants whose use is known to the token, and an administrator before it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import { atRest, type ConfigObject, chat, EXACT, post, startTestGateway } from "./gateway.ts";
import { TestClock } from "./gateway-clock.ts";
import { answerJson, type Handler, startUpstream } from "./gateway-upstream.ts";

export const KEY = "sk-tenant-acme";
export const OTHER_KEY = "sk-tenant-other";

/** Every call uses these, whatever it reserves. */
export const USED = { prompt_tokens: 60, completion_tokens: 40 };
const ANSWER = { choices: [{ message: { content: "Hi" } }], usage: { ...USED, total_tokens: 100 } };
/** Reserved are these and the few tokens of the question. */
export const MOST_OUTPUT = 90;

/** Noon: no window ends while a test runs. */
const NOON_MS = 12 * 3_600_000;

export class DataFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "sluice-data-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

export interface TenantWorld {
  readonly tenants?: ConfigObject;
  readonly more?: ConfigObject;
  readonly server?: ConfigObject;
  readonly folder?: DataFolder;
  readonly handler?: Handler;
  /** Of the upstream. @default none */
  readonly limits?: readonly object[];
}

/** `tenants` without keys have those of `KEY` (the first) and `OTHER_KEY` (the second). */
export async function startTenantGateway(world: TenantWorld = {}) {
  const clock = new TestClock();
  await clock.advance(NOON_MS);
  const folder = world.folder ?? new DataFolder();
  const answerOk: Handler = (response) => answerJson(response, 200, ANSWER);
  const upstream = await startUpstream(world.handler ?? answerOk);
  const it = {
    dialect: "openai",
    base_url: `${upstream.url}/v1`,
    api_key: "sk-ours",
    limits: world.limits ?? [],
  };
  const config = {
    policy: EXACT,
    server: { data_dir: folder.path, ...world.server },
    tenants: withKeys(world.tenants ?? {}),
    upstreams: { it },
    ...world.more,
  };
  const gateway = await startTestGateway(config, { clock });
  const send = (key = KEY, body: object = {}) =>
    post(`${gateway.url}/v1/chat/completions`, chat({ max_tokens: MOST_OUTPUT, ...body }), {
      headers: { "x-sluice-key": key, "x-sluice-max-wait-ms": "1000" },
    });
  return {
    ...gateway,
    clock,
    folder,
    upstream,
    config,
    send,
    /** So many calls, one after another; their statuses. */
    async sendMany(count: number, key = KEY, body: object = {}) {
      const statuses: number[] = [];
      for (let i = 0; i < count; i++) statuses.push((await send(key, body)).status);
      await atRest(gateway);
      return statuses;
    },
    async me(key = KEY) {
      const answer = await fetch(`${gateway.url}/sluice/v1/me`, {
        headers: { "x-sluice-key": key },
      });
      return (await answer.json()) as MeAnswer;
    },
    admin: (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
      askAdmin(gateway.url, method, path, body, headers),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
      if (world.folder === undefined) folder[Symbol.dispose]();
    },
  };
}

export interface AdminAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: every path answers something else
  readonly body: any;
  readonly headers: Headers;
}

export async function askAdmin(
  url: string,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<AdminAnswer> {
  const answer = await fetch(`${url}/admin/api/${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

interface MeAnswer {
  readonly tenant: string;
  readonly tier: string;
  readonly quotas: Readonly<Record<string, { used: number; limit: number; resetsAt: number }>>;
  readonly use: Readonly<
    Record<"day" | "month", { requests: number; tokens: number; usd: number }>
  >;
}

function withKeys(tenants: ConfigObject): ConfigObject {
  const keys = [KEY, OTHER_KEY].map(keyHash);
  const entries = Object.entries(tenants).map(([name, tenant], index) => {
    return [
      name,
      { ...(index < keys.length ? { keys: [keys[index]] } : {}), ...(tenant as object) },
    ];
  });
  return Object.fromEntries(entries);
}
