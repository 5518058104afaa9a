/** Task claims: what a client says about its request, and the task that its tenant may make of it. */
import type { Config } from "../../config/config.ts";
import { SluiceError } from "../../core/errors.ts";
import {
  type Chain,
  FALLBACKS,
  type Fallback,
  LATENCY_CLASSES,
  type LatencyClass,
  type Task,
  type TrimTo,
} from "../../core/task.ts";
import { lessUrgent } from "./less-urgent.ts";
import type { TenantRecord } from "./tenant-directory.ts";

/** No claim, task type or tier makes a wait longer than this. */
export const LONGEST_MAX_WAIT_MS = 3_600_000;
const LONGEST_NAME = 200;
const MOST_TAGS = 32;

/** Each field undefined: nothing was said. */
export interface TaskClaims {
  readonly type?: string;
  readonly latency?: LatencyClass;
  readonly maxWaitMs?: number;
  readonly deadlineMs?: number;
  readonly fallback?: readonly Fallback[];
  readonly chain?: Chain;
  readonly minQuality?: number;
  readonly trim?: TrimTo;
  readonly pins?: readonly number[];
  readonly tags?: readonly string[];
}

const NO_CLAIMS: TaskClaims = Object.freeze({});

export interface JudgedTask {
  readonly task: Task;
  /** The client asked for a more urgent class than its tenant may have. */
  readonly wasLowered: boolean;
}

/** Applies defaults and bounds: claims first, then the task type, then the tier. */
export function judgeTask(claims: TaskClaims, tenant: TenantRecord, config: Config): JudgedTask {
  const typeName = claims.type ?? config.defaults.taskType;
  const type = config.taskTypes.get(typeName) ?? config.taskTypes.get(config.defaults.taskType);
  const claimed = claims.latency ?? type?.latency ?? "near-real-time";
  const latency = lessUrgent(claimed, tenant.latencyMax);
  const maxWaitMs = claims.maxWaitMs ?? type?.maxWaitMs ?? tenant.tier.maxWaitMs;
  const task: Task = {
    tenant: tenant.id,
    type: typeName,
    latency,
    maxWaitMs: Math.min(maxWaitMs, LONGEST_MAX_WAIT_MS),
    deadlineMs: claims.deadlineMs ?? null,
    fallback: claims.fallback ?? type?.fallback ?? [],
    chain: claims.chain ?? null,
    minQuality: claims.minQuality ?? null,
    trim: claims.trim ?? type?.trim ?? config.policy.trim,
    pins: claims.pins ?? [],
    tags: claims.tags ?? [],
  };
  return { task, wasLowered: latency !== claimed };
}

/** A source of claims: the value under a name, or undefined. */
export type ClaimSource = (name: ClaimName) => string | undefined;

export type ClaimName =
  | "task-type"
  | "latency"
  | "max-wait-ms"
  | "deadline-ms"
  | "fallback"
  | "chain"
  | "min-quality"
  | "trim"
  | "tags";

/**
 * Reads claims from sources, the most specific first.
 *
 * @throws SluiceError `invalid_request` naming the claim, its value and what is allowed.
 */
export function readClaims(sources: readonly ClaimSource[]): TaskClaims {
  if (sources.length === 0) return NO_CLAIMS;
  const find = (name: ClaimName) => {
    for (const source of sources) {
      const value = source(name);
      if (value !== undefined && value !== "") return value;
    }
    return undefined;
  };
  const read = <T>(name: ClaimName, parse: (value: string, name: string) => T) => {
    const value = find(name);
    return value === undefined ? undefined : parse(value.trim(), name);
  };
  return {
    type: read("task-type", parseName),
    latency: read("latency", parseLatency),
    maxWaitMs: read("max-wait-ms", parseMilliseconds),
    deadlineMs: read("deadline-ms", parseMilliseconds),
    fallback: read("fallback", parseFallback),
    chain: read("chain", parseChain),
    minQuality: read("min-quality", parseQuality),
    ...read("trim", parseTrim),
    tags: read("tags", parseTags),
  };
}

function invalid(name: string, value: string, allowed: string): SluiceError {
  const found = JSON.stringify(value.slice(0, 100));
  return new SluiceError(
    "invalid_request",
    `x-sluice-${name}: found ${found}, allowed: ${allowed}`,
  );
}

function parseName(value: string, name: string): string {
  if (value.length > LONGEST_NAME) throw invalid(name, value, `up to ${LONGEST_NAME} characters`);
  return value;
}

function parseLatency(value: string, name: string): LatencyClass {
  const known = LATENCY_CLASSES.find((latency) => latency === value);
  if (known === undefined) throw invalid(name, value, LATENCY_CLASSES.join(", "));
  return known;
}

function parseMilliseconds(value: string, name: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw invalid(name, value, "milliseconds, 0 or more");
  return number;
}

function parseFallback(value: string, name: string): readonly Fallback[] {
  if (value === "none") return [];
  return value.split(",").map((part) => {
    const known = FALLBACKS.find((fallback) => fallback === part.trim());
    if (known === undefined)
      throw invalid(name, value, `none, or a list of ${FALLBACKS.join(", ")}`);
    return known;
  });
}

const CHAIN = /^(?<id>[^;\s]{1,128})(?:;step=(?<step>\d{1,6}))?(?:;depth=(?<depth>\d{1,3}))?$/;

function parseChain(value: string, name: string): Chain {
  const parts = CHAIN.exec(value)?.groups;
  if (!parts) throw invalid(name, value, "<id>;step=<number>;depth=<number>");
  return { id: parts.id, step: Number(parts.step ?? 1), depth: Number(parts.depth ?? 0) };
}

function parseQuality(value: string, name: string): number {
  const number = Number(value);
  if (!(number >= 0 && number <= 1)) throw invalid(name, value, "a number from 0 to 1");
  return number;
}

const MOST_TOKENS = 1e9;
const MOST_PINS = 1_000;
const TRIM =
  /^(?:(?<word>off|fit)|(?<tokens>\d{1,10}))(?:;pin=(?<pins>-?\d{1,6}(?:,-?\d{1,6})*))?$/;

function parseTrim(value: string, name: string): Pick<TaskClaims, "trim" | "pins"> {
  const { word, tokens, pins = "" } = TRIM.exec(value)?.groups ?? {};
  const places = pins === "" ? [] : pins.split(",").map(Number);
  const trim = (word as "off" | "fit" | undefined) ?? Number(tokens ?? 0);
  if (trim === 0 || (typeof trim === "number" && trim > MOST_TOKENS) || places.length > MOST_PINS) {
    const allowed = `off, fit or tokens of input, then ;pin=<places of messages>, such as 8000;pin=0,-3`;
    throw invalid(name, value, allowed);
  }
  return { trim, pins: places };
}

function parseTags(value: string): readonly string[] {
  const tags = value.split(",").map((tag) => tag.trim().slice(0, LONGEST_NAME));
  return tags.filter((tag) => tag !== "").slice(0, MOST_TAGS);
}
