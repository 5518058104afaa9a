/** Tenant desk: asks the admin API of a running gateway, or the same of the store where none is named. */
import { Option } from "commander";
import { describeProblem, loadConfig } from "../../config/index.ts";
import { ERROR_STATUS, type ErrorCode, SluiceError } from "../../core/errors.ts";
import { StoredTenants } from "../../tenants/stored-tenants.ts";
import { tenantPlace } from "../../tenants/tenant-place.ts";
import { TenantsApi } from "../../tenants/tenants-api.ts";
import { configOption } from "../options.ts";

/** Longer than any answer of the admin API takes. */
const TIMEOUT_MS = 30_000;

export interface DeskOptions {
  readonly config: string;
  readonly url?: string;
  readonly adminToken?: string;
}

export interface DeskQuestion {
  readonly method: string;
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

export type DeskAnswer = Readonly<Record<string, unknown>>;

export const DESK_OPTIONS: readonly (() => Option)[] = [
  configOption,
  () => new Option("--url <url>", "a running gateway to ask; absent: the store itself"),
  () => new Option("--admin-token <token>", "of that gateway").env("SLUICE_ADMIN_TOKEN"),
];

/** @throws SluiceError, as a rejection, of the API; `invalid_request` when the configuration is not valid. */
export async function askTenants(
  options: DeskOptions,
  question: DeskQuestion,
): Promise<DeskAnswer> {
  if (options.url !== undefined) return askGateway(options.url, options.adminToken, question);
  return askStore(options.config, question);
}

async function askStore(file: string, question: DeskQuestion): Promise<DeskAnswer> {
  const loaded = loadConfig({ file, env: process.env });
  if (!loaded.ok) {
    const [first] = loaded.problems;
    throw new SluiceError("invalid_request", describeProblem(first));
  }
  const { config } = loaded;
  const store = tenantPlace(config);
  const now = () => Date.now();
  const live = new StoredTenants(config, store, now);
  const api = new TenantsApi({ config: () => config, store, live, now });
  try {
    const { method, path, query = {}, body = {} } = question;
    const asked = { method, path, query: new URLSearchParams(query), body, who: "cli" };
    return (await api.handle(asked)).value as DeskAnswer;
  } finally {
    await store.close();
  }
}

async function askGateway(
  url: string,
  token: string | undefined,
  { method, path, query = {}, body }: DeskQuestion,
): Promise<DeskAnswer> {
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new SluiceError("invalid_request", `--url: found ${url}, allowed: an http or https URL`);
  }
  const target = new URL(`/admin/api/${path.map(encodeURIComponent).join("/")}`, base);
  target.search = new URLSearchParams(query).toString();
  const answer = await fetch(target, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new Error(`cannot reach ${base.origin}: ${reasonOf(cause)}`, { cause });
  });
  const value = (await answer.json().catch(() => ({}))) as DeskAnswer;
  if (answer.ok) return value;
  const { code, message } = (value["error"] ?? {}) as { code?: string; message?: string };
  const text = message ?? `${base.origin} answered ${answer.status}`;
  throw code !== undefined && code in ERROR_STATUS
    ? new SluiceError(code as ErrorCode, text)
    : new Error(text);
}

/** `fetch` hides it one level deep. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
