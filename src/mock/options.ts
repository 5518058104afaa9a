/** Options: what the mock can be told, and the one place where defaults are filled in. */
import type { OutputLength } from "./answer/draft.ts";
import type { DialectName } from "./dialect.ts";
import type { Fault } from "./faults/fault.ts";
import type { MockLimits } from "./limits/limits.ts";

/** How long answers take. All zero: as fast as the machine allows. */
export interface MockLatency {
  /** Median time to the first token, in milliseconds. @default 400 */
  readonly firstTokenMs: number;
  /** Sigma of the log-normal spread of the time to the first token; 0 is none. @default 0.35 */
  readonly firstTokenJitter: number;
  /** Speed after the first token, in tokens per second; 0 is unpaced. @default 60 */
  readonly tokensPerSecond: number;
}

/** Answers without any delay, for tests. */
export const INSTANT: MockLatency = { firstTokenMs: 0, firstTokenJitter: 0, tokensPerSecond: 0 };

/** What {@link startMock} is told. */
export interface MockOptions {
  /** Whose API to speak. */
  readonly dialect: DialectName;
  /** Interface to listen on. @default "127.0.0.1" */
  readonly host?: string;
  /** Port to listen on; 0 takes any that is free. @default 0 */
  readonly port?: number;
  /**
   * Limits of the whole account: amounts per time, and a number of slots; `{}` is none.
   * @default what the provider gives its default tier (docs/mock.md); OpenAI and Anthropic: none
   */
  readonly limits?: MockLimits;
  /**
   * Limits on top, by model: the models that a glob names share one meter (`*` stands for any
   * characters), and a request must fit in all that match. On platforms the endpoints have names. @default as for `limits`
   */
  readonly models?: Readonly<Record<string, MockLimits>>;
  /** Buckets begin empty, so that use can be measured without the first burst. @default false */
  readonly startEmpty?: boolean;
  /** How long answers take. @default 400 ms to the first token (spread 0.35), then 60 tokens per second */
  readonly latency?: Partial<MockLatency>;
  /** How long answers are, where the request does not say. @default median 120 tokens, spread 0.8 */
  readonly output?: Partial<OutputLength>;
  /** From how long on a running request takes a slot, in milliseconds. @default 20,000 at Salesforce, else 0 */
  readonly longRunningMs?: number;
  /** Seed of all that is random: lengths, times, chances, ids. @default 1 */
  readonly seed?: number;
  /** Faults that are armed from the start. @default none */
  readonly faults?: readonly Fault[];
  /** When given, other keys get the provider's 401. @default any key, or none, is welcome */
  readonly apiKeys?: readonly string[];
}

export interface ResolvedOptions {
  readonly dialect: DialectName;
  readonly host: string;
  readonly port: number;
  /** Null: those of the default tier. */
  readonly limits: MockLimits | null;
  readonly models: Readonly<Record<string, MockLimits>> | null;
  readonly startEmpty: boolean;
  /** Null: as the provider has it. */
  readonly longRunningMs: number | null;
  readonly latency: MockLatency;
  readonly output: OutputLength;
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Null: any key. */
  readonly apiKeys: ReadonlySet<string> | null;
}

/** Typical of hosted models of 2025; no provider promises any. */
const LATENCY: MockLatency = { firstTokenMs: 400, firstTokenJitter: 0.35, tokensPerSecond: 60 };
const OUTPUT: OutputLength = { medianTokens: 120, spread: 0.8 };

/** @throws Error naming the option, the value and what is allowed. */
export function resolveOptions(options: MockOptions): ResolvedOptions {
  const { host = "127.0.0.1", port = 0, limits = null, models = null } = options;
  const { startEmpty = false, longRunningMs = null } = options;
  const { seed = 1, faults = [], apiKeys } = options;
  const latency = { ...LATENCY, ...options.latency };
  const output = { ...OUTPUT, ...options.output };
  checkNumbers("latency", latency);
  checkNumbers("output", output);
  checkNumbers("options", { seed, port, longRunningMs: longRunningMs ?? 0 });
  return {
    dialect: options.dialect,
    host,
    port,
    limits,
    models,
    startEmpty,
    longRunningMs,
    latency,
    output,
    seed,
    faults,
    apiKeys: apiKeys ? new Set(apiKeys) : null,
  };
}

function checkNumbers(where: string, numbers: object): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value === "number" && Number.isFinite(value) && value >= 0) continue;
    throw new Error(`${where}.${name} must be a finite number of at least 0, got ${String(value)}`);
  }
}
