/** Demo: one load, shaped like a recorded one and three times too much, by each policy in turn. */
import { SluiceError } from "../core/errors.ts";
import { figuresOf } from "../figures/figures.ts";
import { leastJain } from "../figures/jain.ts";
import type { PolicyFigures } from "../figures/policy-figures.ts";
import { standingByTier } from "../figures/standing.ts";
import { wrapped } from "../figures/words.ts";
import { type Load, OVERLOAD } from "../workload/load.ts";
import { readTrace } from "../workload/parse-trace.ts";
import { createRandom, type Random } from "../workload/random.ts";
import { TIERS } from "../workload/tiers.ts";
import type { TraceRow } from "../workload/trace-row.ts";
import { jitterBackoff } from "./drive/jitter-backoff.ts";
import { POLICY_NAMES, type Policy, type PolicyName } from "./drive/policy.ts";
import { throughSluice } from "./drive/through-sluice.ts";
import { buildLoad } from "./load/build-load.ts";
import { cutSlice, rowsWanted } from "./load/cut-slice.ts";
import { AZURE_CONVERSATIONS } from "./profile/azure-conversations.ts";
import { drawRows } from "./profile/draw-rows.ts";
import { type DemoRun, runPolicy } from "./run-policy.ts";
import { Board } from "./show/board.ts";
import { startLive } from "./show/live.ts";
import { remarksOn } from "./show/remarks.ts";
import type { Column } from "./show/table.ts";

export interface DemoOptions {
  /** How long tasks arrive. @default 30 */
  readonly seconds: number;
  /** Decides everything that is drawn. @default 1 */
  readonly seed: number;
  /** A recorded trace to replay; null: a load in the shape of the shipped profile. */
  readonly trace: string | null;
  /** Recorded seconds in one of ours; null: chosen so that there is enough demand. */
  readonly speed: number | null;
  readonly policies: readonly PolicyName[];
}

/** Where the width is not known. */
const WIDE = 120;

export interface DemoMeans {
  /** Where progress goes. */
  readonly stream: NodeJS.WriteStream;
  readonly isAnimated: boolean;
  readonly signal: AbortSignal;
}

/** CONTRACTS 5. */
export interface DemoReport {
  readonly seed: number;
  readonly seconds: number;
  readonly policies: Readonly<Record<string, PolicyFigures>>;
}

export interface DemoResult {
  readonly report: DemoReport;
  readonly columns: readonly Column[];
  /** What else a reader should know about this run. */
  readonly remarks: readonly string[];
}

const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  sluice: throughSluice,
  "jitter-backoff": jitterBackoff,
};

/**
 * @throws SluiceError `invalid_request` for a trace that cannot be used; Error when a process could
 * not start; the signal's reason.
 */
export async function runDemo(options: DemoOptions, means: DemoMeans): Promise<DemoResult> {
  const load = loadFor(options);
  for (const line of wrapped(describeLoad(load, options), means.stream.columns ?? WIDE)) {
    means.stream.write(`${line}\n`);
  }
  const columns: Column[] = [];
  const remarks: string[] = [];
  for (const name of POLICY_NAMES) {
    if (!options.policies.includes(name)) continue;
    const run = await runLive(POLICIES[name], load, options.seed, means);
    columns.push(columnOf(name, run, load));
    remarks.push(...remarksOn(name, run));
  }
  const policies = Object.fromEntries(columns.map(({ policy, figures }) => [policy, figures]));
  const report = { seed: options.seed, seconds: load.seconds, policies };
  return { report, columns, remarks };
}

/** The same for the same options. */
export function loadFor({ seconds, seed, trace, speed }: DemoOptions): Load {
  const random = createRandom(seed);
  const rows = rowsFor(trace, seconds, random);
  return buildLoad(cutSlice(rows, { seconds, speed }, OVERLOAD), random);
}

function rowsFor(trace: string | null, seconds: number, random: Random): readonly TraceRow[] {
  if (trace !== null) return readTrace(trace);
  return drawRows(AZURE_CONVERSATIONS, random, rowsWanted(seconds));
}

function describeLoad(
  { tasks, limits, seconds, speed }: Load,
  { trace, seed }: DemoOptions,
): string {
  const source = trace ?? `the shape of the ${AZURE_CONVERSATIONS.attribution}`;
  const pace = `${tasks.length} tasks in ${Number(seconds.toFixed(1))} s (recorded time x ${speed.toPrecision(3)})`;
  const budget = `${limits.tpm.toLocaleString("en-US")} tokens and ${limits.rpm.toLocaleString("en-US")} requests a minute`;
  return `${pace}, after ${source}, seed ${seed}: ${OVERLOAD} times the budget of ${budget}`;
}

async function runLive(
  policy: Policy,
  load: Load,
  seed: number,
  { stream, isAnimated, signal }: DemoMeans,
): Promise<DemoRun> {
  const board = new Board();
  const live = startLive({
    policy: policy.name,
    seconds: load.seconds,
    board,
    stream,
    isAnimated,
  });
  try {
    return await runPolicy(policy, { load, seed, audience: board, signal });
  } finally {
    live.stop();
  }
}

function columnOf(policy: string, run: DemoRun, load: Load): Column {
  const { atWindowStart, atWindowEnd } = run.books;
  const standing = standingByTier(TIERS, load.limits);
  const tiers = TIERS.map(({ name }) => name);
  return {
    policy,
    figures: figuresOf(run, load, { tiers, standing }),
    windowed429: atWindowEnd.refused429 - atWindowStart.refused429,
    jain: leastJain(run.results, load, standing),
  };
}

/** @throws SluiceError `invalid_request` naming what is unknown and what there is. */
export function policiesIn(list: string): PolicyName[] {
  return list.split(",").map((text) => {
    const known = POLICY_NAMES.find((name) => name === text.trim());
    if (known !== undefined) return known;
    throw new SluiceError(
      "invalid_request",
      `--policy: found ${JSON.stringify(text.trim())}; allowed: ${POLICY_NAMES.join(", ")}`,
    );
  });
}
