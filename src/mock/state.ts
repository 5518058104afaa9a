/** State: what lives as long as the server does. */
import { createRandom, type Random } from "./answer/random.ts";
import type { MockDialect } from "./dialect.ts";
import { dialectNamed } from "./dialects/registry.ts";
import { FaultSet } from "./faults/fault-set.ts";
import { Account } from "./limits/account.ts";
import { checkLimits, type LimitOrder } from "./limits/limits.ts";
import type { ResolvedOptions } from "./options.ts";
import { Recorder } from "./stats.ts";

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
  const dialect = dialectNamed(options.dialect);
  const rules = {
    meters: dialect.meters,
    slotsCountAfterMs: options.longRunningMs ?? dialect.slotsCountAfterMs,
  };
  const random = createRandom(options.seed);
  checkAccountLimits({ limits: options.limits ?? {}, models: options.models ?? {} }, dialect);
  const state: MockState = {
    options,
    dialect,
    account: new Account(rules, accountLimits(options, dialect), options.startEmpty, now),
    faults: new FaultSet(),
    recorder: new Recorder(now),
    random,
    nextId: createIds(random),
  };
  for (const fault of options.faults) state.faults.add(fault, now);
  return state;
}

/** Levels, limits, faults and statistics as at the start; running requests go on and keep their slots. */
export function resetState(state: MockState, now: number): void {
  const { options, dialect, account, faults, recorder } = state;
  account.reset(accountLimits(options, dialect), now);
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
  checkLimits(limits, dialect.meters, "limits");
  for (const [glob, amounts] of Object.entries(models)) {
    checkLimits(amounts, dialect.meters, `models["${glob}"]`);
  }
}

/** What is given stands in the place of the default tier's: the account's, and models', each as a whole. */
function accountLimits({ limits, models }: ResolvedOptions, { defaults }: MockDialect): LimitOrder {
  const { models: defaultModels = {}, ...defaultLimits } = defaults;
  return { ...(limits ?? defaultLimits), models: models ?? defaultModels };
}

/** 24 hexadecimal digits: half from the seed, half a counter. */
function createIds(random: Random): () => string {
  const prefix = Math.floor(random() * 0x1_0000_0000_0000)
    .toString(16)
    .padStart(12, "0");
  let count = 0;
  return () => prefix + (count++).toString(16).padStart(12, "0");
}
