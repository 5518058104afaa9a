/** Slots over HTTP: granted reservations for agents in any language, leased so that a crash leaks none. */
import { randomUUID } from "node:crypto";
import { type CancelTimer, MICROS_PER_MS } from "../core/clock.ts";
import type { Units } from "../core/demand.ts";
import type { JsonObject } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import { readClaims } from "../runtime/policy/task-claims.ts";
import type { TenantRecord } from "../runtime/policy/tenant-directory.ts";
import { claimSources } from "../runtime/request/claim-sources.ts";
import { identify } from "../runtime/request/identity.ts";
import { parseFields } from "../runtime/request/large/parse-body.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { acquireSlot, type Slot, type SlotDemand, type SlotResult } from "../runtime/slot.ts";
import { readBody } from "./read-body.ts";
import { type RequestContext, sendJson } from "./request-context.ts";

/** A slot that is not renewed within this is released. */
const LEASE_MS = 30_000;
/** Ended slots are remembered this many, so that a repeated settle or release answers as the first did. */
const REMEMBERED_ENDED = 10_000;

const SLOT_PATH = /^\/sluice\/v1\/slots(?:\/([^/]+)\/(\w+))?$/;

interface Leased {
  readonly slot: Slot;
  readonly tenant: string;
  cancelTimer: CancelTimer;
}

export class SlotDesk {
  readonly #runtime: Runtime;
  readonly #leased = new Map<string, Leased>();
  readonly #ended = new Map<string, { readonly tenant: string; readonly how: string }>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** `POST /sluice/v1/slots` and `POST /sluice/v1/slots/{id}/renew|settle|release`. */
  async handle(context: RequestContext): Promise<void> {
    const found = SLOT_PATH.exec(context.path);
    if (found === null || context.method !== "POST") throw notFound(context.path);
    const [, id, action] = found;
    const { config, directory } = this.#runtime;
    const { tenant } = identify(context.headers, directory, config.server.trustHeaders);
    const { bodyMaxBytes, timeouts } = config.server;
    const bytes = await readBody(context.message, {
      maxBytes: bodyMaxBytes,
      timeoutMs: timeouts.bodyMs,
    });
    const body = await parseFields(bytes);
    if (id === undefined) await this.#acquire(context, tenant, body);
    else this.#act(context, tenant.id, id, action, body);
  }

  close(): void {
    for (const [id] of this.#leased) this.#end(id, "released", (slot) => slot.release());
  }

  async #acquire(context: RequestContext, tenant: TenantRecord, body: JsonObject): Promise<void> {
    const { upstream: name } = body;
    const upstream = typeof name === "string" ? this.#runtime.upstreams.get(name) : undefined;
    if (upstream === undefined) {
      const known = [...this.#runtime.upstreams.keys()].join(", ");
      throw new SluiceError(
        "invalid_request",
        `upstream: found ${JSON.stringify(name)?.slice(0, 200) ?? "nothing"}, allowed: ${known}`,
      );
    }
    checkFields(body);
    const abort = new AbortController();
    context.response.on("close", () => abort.abort(new Error("the client is gone")));
    const slot = await acquireSlot(this.#runtime, {
      upstream,
      tenant,
      model: typeof body.model === "string" ? body.model : null,
      demand: demandIn(body.demand),
      claims: readClaims([
        (name) => (name === "max-wait-ms" ? textOf(body.max_wait_ms) : undefined),
        taskClaims(body.task),
        ...claimSources(context.headers, null),
      ]),
      signal: abort.signal,
    });
    if (abort.signal.aborted) {
      slot.release();
      return;
    }
    const id = `slot_${randomUUID().replaceAll("-", "")}`;
    this.#leased.set(id, { slot, tenant: tenant.id, cancelTimer: this.#startLease(id) });
    sendJson(context, 200, {
      slot: id,
      granted_at: new Date(slot.grantedAt / MICROS_PER_MS).toISOString(),
      wait_ms: slot.waitMs,
      lease_ms: LEASE_MS,
    });
  }

  #act(
    context: RequestContext,
    tenant: string,
    id: string,
    action: string,
    body: JsonObject,
  ): void {
    const leased = this.#leased.get(id);
    const ended = this.#ended.get(id);
    const owner = leased?.tenant ?? ended?.tenant;
    if (owner !== tenant) throw noSlot(id);
    switch (action) {
      case "renew":
        if (leased === undefined) throw noSlot(id);
        leased.cancelTimer();
        leased.cancelTimer = this.#startLease(id);
        sendJson(context, 200, { slot: id, lease_ms: LEASE_MS });
        return;
      case "settle":
        this.#end(id, "settled", (slot) => slot.settle(resultIn(body)));
        break;
      case "release":
        this.#end(id, "released", (slot) => slot.release());
        break;
      default:
        throw notFound(context.path);
    }
    sendJson(context, 200, { slot: id, state: this.#ended.get(id)?.how });
  }

  #end(id: string, how: string, end: (slot: Slot) => void): void {
    const leased = this.#leased.get(id);
    if (leased === undefined) return;
    leased.cancelTimer();
    this.#leased.delete(id);
    end(leased.slot);
    if (this.#ended.size >= REMEMBERED_ENDED) {
      const oldest = this.#ended.keys().next().value;
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
    this.#ended.set(id, { tenant: leased.tenant, how });
  }

  /** An agent that died may have sent its request: what it reserved counts, its slot comes back. */
  #startLease(id: string): CancelTimer {
    const { clock } = this.#runtime;
    return clock.schedule(clock.now() + LEASE_MS * MICROS_PER_MS, () => {
      this.#end(id, "expired", (slot) => slot.settle());
    });
  }
}

function noSlot(id: string): SluiceError {
  const name = JSON.stringify(id.slice(0, 100));
  return new SluiceError("not_found", `there is no slot ${name}, or it is over`);
}

function notFound(path: string): SluiceError {
  return new SluiceError("not_found", `nothing is served at ${JSON.stringify(path.slice(0, 200))}`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** A task is its type's name, or an object with the names of the headers in snake case. */
function taskClaims(task: unknown): (name: string) => string | undefined {
  if (typeof task === "string") return (name) => (name === "task-type" ? task : undefined);
  if (!isObject(task)) return () => undefined;
  checkTaskFields(task);
  return (name) => textOf(task[name === "task-type" ? "type" : name.replaceAll("-", "_")]);
}

const TASK_FIELDS = [
  "type",
  "latency",
  "max_wait_ms",
  "deadline_ms",
  "fallback",
  "chain",
  "min_quality",
  "trim",
  "tags",
];

function checkTaskFields(task: JsonObject): void {
  const unknown = Object.keys(task).find((name) => !TASK_FIELDS.includes(name));
  if (unknown === undefined) return;
  const allowed = TASK_FIELDS.join(", ");
  throw new SluiceError("invalid_request", `task.${unknown}: unknown, allowed: ${allowed}`);
}

const FIELDS = ["upstream", "model", "demand", "task", "max_wait_ms"];

/** A field with a slip in its name would be passed over silently. */
function checkFields(body: JsonObject): void {
  const unknown = Object.keys(body).find((name) => !FIELDS.includes(name));
  if (unknown === undefined) return;
  const allowed = FIELDS.join(", ");
  throw new SluiceError("invalid_request", `${unknown}: unknown, allowed: ${allowed}`);
}

const DEMAND_FIELDS = ["requests", "input_tokens", "output_tokens", "units"];

function demandIn(demand: unknown): SlotDemand {
  if (demand === undefined) return {};
  if (!isObject(demand)) {
    throw new SluiceError("invalid_request", "demand: allowed: an object of amounts");
  }
  const unknown = Object.keys(demand).find((name) => !DEMAND_FIELDS.includes(name));
  if (unknown !== undefined) {
    // Passed over, it would look reserved without being so.
    const allowed = DEMAND_FIELDS.join(", ");
    throw new SluiceError("invalid_request", `demand.${unknown}: unknown, allowed: ${allowed}`);
  }
  const { requests, input_tokens, output_tokens, units } = demand;
  return {
    requests: requests as number | undefined,
    inputTokens: input_tokens as number | undefined,
    outputTokens: output_tokens as number | undefined,
    units: isObject(units) ? (units as Record<string, number>) : undefined,
  };
}

function resultIn({ status, headers, usage }: JsonObject): SlotResult {
  const used = isObject(usage) ? usage : null;
  const count = (value: unknown) => (typeof value === "number" && value >= 0 ? value : undefined);
  const input = count(used?.input_tokens);
  const output = count(used?.output_tokens);
  const units = isObject(used?.units) ? Object.entries(used.units) : null;
  return {
    status: typeof status === "number" ? status : undefined,
    headers: isObject(headers) ? (headers as Record<string, string>) : undefined,
    usage:
      used === null
        ? undefined
        : {
            ...(input === undefined ? {} : { inputTokens: input }),
            ...(output === undefined ? {} : { outputTokens: output }),
            cachedInputTokens: count(used.cached_input_tokens) ?? 0,
            ...(units === null ? {} : { units: counted(units) }),
          },
  };
}

/** As the demand's: amounts that are none are passed over. */
function counted(units: readonly (readonly [name: string, amount: unknown])[]): Units {
  const amounts = units.filter(([, amount]) => typeof amount === "number" && amount >= 0);
  return Object.fromEntries(amounts) as Units;
}
