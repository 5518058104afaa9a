/** State: what lives as long as the server does. */
import { createRandom, type Random } from "./answer/random.ts";
import { anthropicDialect } from "./dialects/anthropic/dialect.ts";
import type { MockDialect } from "./dialect.ts";
import { FaultSet } from "./faults/fault-set.ts";
import { Account } from "./limits/account.ts";
import { checkLimits, type LimitOrder } from "./limits/limits.ts";
import { openaiDialect } from "./dialects/openai/dialect.ts";
import type { ResolvedOptions } from "./options.ts";
import { Recorder } from "./stats.ts";

const DIALECTS = { openai: openaiDialect, anthropic: anthropicDialect } as const;

export interface MockState {
  readonly options: ResolvedOptions;
  readonly dialect: MockDialect;
  readonly account: Account;
  readonly faults: FaultSet;
  readonly recorder: Recorder;
  readonly random: Random;
  nextId(): string;
}

/** @throws Error naming the dialect, limit or fault that is not known. */
export function createState(options: ResolvedOptions, now: number): MockState {
  const dialect = findDialect(options.dialect);
  const random = createRandom(options.seed);
  checkAccountLimits(options, dialect);
  const state: MockState = {
    options,
    dialect,
    account: new Account(accountLimits(options), options.startEmpty, now),
    faults: new FaultSet(),
    recorder: new Recorder(now),
    random,
    nextId: createIds(random),
  };
  for (const fault of options.faults) state.faults.add(fault, now);
  return state;
}

/** Levels, limits, faults and statistics as at the start; running requests go on and keep their slots. */
export function resetState({ options, account, faults, recorder }: MockState, now: number): void {
  account.reset(accountLimits(options), now);
  recorder.reset(now);
  faults.clear();
  for (const fault of options.faults) faults.add(fault, now);
}

/** @throws Error naming the limit, its value and what is allowed. */
export function checkAccountLimits(
  {
    limits,
    models,
  }: { readonly limits: object; readonly models: Readonly<Record<string, object>> },
  dialect: MockDialect,
): void {
  checkLimits(limits, dialect.dimensions, "limits");
  for (const [glob, amounts] of Object.entries(models)) {
    checkLimits(amounts, dialect.dimensions, `models["${glob}"]`);
  }
}

function accountLimits({ limits, models }: ResolvedOptions): LimitOrder {
  return { ...limits, models };
}

function findDialect(name: string): MockDialect {
  if (Object.hasOwn(DIALECTS, name)) return DIALECTS[name as keyof typeof DIALECTS];
  const allowed = Object.keys(DIALECTS).join(", ");
  throw new Error(`dialect must be one of ${allowed}, got ${JSON.stringify(name) ?? "nothing"}`);
}

/** 24 hexadecimal digits: half from the seed, half a counter. */
function createIds(random: Random): () => string {
  const prefix = Math.floor(random() * 0x1_0000_0000_0000)
    .toString(16)
    .padStart(12, "0");
  let count = 0;
  return () => prefix + (count++).toString(16).padStart(12, "0");
}
