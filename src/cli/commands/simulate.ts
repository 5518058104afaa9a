/** `sluice simulate`: plays a recorded load under several policies in virtual time and compares them. */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { getSystemErrorMessage } from "node:util";
import { Command, InvalidArgumentError } from "commander";
import { describeProblem, loadConfig } from "../../config/index.ts";
import { DURATION_UNITS, parseQuantity } from "../../config/quantity.ts";
import { SluiceError } from "../../core/errors.ts";
import { configuredPlace } from "../../simulator/load/configured-place.ts";
import { defaultPlace, type Place } from "../../simulator/load/place.ts";
import { prepare } from "../../simulator/load/prepare.ts";
import { POLICIES, type PolicyName } from "../../simulator/policies/policy.ts";
import type { Latency } from "../../simulator/policies/shared/log-normal.ts";
import { renderReport } from "../../simulator/report/render-report.ts";
import type { SimulationReport } from "../../simulator/report-data.ts";
import { compare, runsOf } from "../../simulator/run/compare.ts";
import { summaryLines } from "../../simulator/run/summary.ts";
import { instancesFor, redisOver, type StoreNetwork } from "../../simulator/setting.ts";
import { parseChanges } from "../../simulator/what-if/parse-changes.ts";
import { type Recording, readRecording } from "../../workload/read-recording.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { ANY_NUMBER, examples, jsonOption, numberBetween, wholeBetween } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { progressOn } from "../progress-bar.ts";

interface SimulateFlags {
  readonly trace: string;
  readonly config?: string;
  readonly scale?: number;
  readonly speed?: number;
  readonly seconds?: number;
  readonly foreign: number;
  readonly instances: number;
  readonly storeLatency?: Latency;
  readonly whatIf?: string;
  readonly policy: string;
  readonly seed: number;
  readonly report?: string;
  readonly json?: boolean;
}

const DEFAULT_SCALE = 3;
/** The 99th percentile over the median, as networks of a region have it. */
const USUAL_TAIL = 4;
const MOST_LATENCY_MS = 1_000;
const MOST_SECONDS = 366 * 86_400;

export function simulateCommand(): Command {
  return new Command("simulate")
    .description("play a recorded load in virtual time under several policies and compare them")
    .requiredOption("--trace <file>", "recorded requests or agent sessions (CSV)")
    .option("-c, --config <file>", "tiers, policy and limits (default: limits follow from --scale)")
    .option("--scale <n>", "demand over budget (default: 3)", numberBetween(0.01, 1_000))
    .option("--speed <n>", "recorded seconds in one second", numberBetween(0.001, 1_000_000))
    .option("--seconds <n>", "how long tasks arrive", numberBetween(1, MOST_SECONDS))
    .option(
      "--foreign <share>",
      "share of the limits that others on the account ask for",
      numberBetween(0, 0.95),
      0,
    )
    .option("--instances <n>", "programs that share the account", wholeBetween(1, 1_000), 1)
    .option(
      "--store-latency <median>",
      "each instance's own side of a shared Redis, over this network: 2ms, or 2ms,10ms with the 99th percentile",
      latency,
    )
    .option("--what-if <changes>", "Sluice in a changed world too: tenants=+20, limits=x2, ...")
    .option("--policy <names>", "which to compare", POLICIES.join(","))
    .option("--seed <n>", "decides everything that is drawn", ANY_NUMBER, 1)
    .option("--report <file>", "write a page with charts (HTML)")
    .addOption(jsonOption("print the figures as one JSON object on stdout"))
    .addHelpText(
      "after",
      examples(
        "sluice simulate --trace azure_llm_2023_conv.csv",
        "sluice simulate --trace trace.csv --policy sluice,naive-backoff --report report.html",
        "sluice simulate --trace trace.csv -c sluice.yaml --what-if tenants=+20,limits=x2",
        "sluice simulate --trace trace.csv --policy sluice --instances 100 --store-latency 2ms",
        "sluice simulate --trace trace.csv --foreign 0.3 --instances 4 --json | jq .policies.sluice",
      ),
    )
    .action(exits(simulate));
}

async function simulate(flags: SimulateFlags): Promise<ExitCode> {
  const policies = policiesIn(flags.policy);
  if (flags.whatIf !== undefined) parseChanges(flags.whatIf);
  checkTogether(flags);
  if (flags.report !== undefined) checkWritable(flags.report);
  const recording = readRecording(flags.trace);
  const place = placeFor(flags, recording);
  if (place === null) return EXIT.usage;
  const scenario = prepare(recording, place, {
    seed: flags.seed,
    scale: flags.scale ?? DEFAULT_SCALE,
    speed: flags.speed ?? null,
    seconds: flags.seconds ?? null,
    foreign: flags.foreign,
    instances: instancesFor(flags.instances, flags.seed, networkIn(flags)),
    source: basename(flags.trace),
  });
  const runs = runsOf(scenario, policies, flags.whatIf ?? null);
  return untilInterrupted(async (signal) => {
    tell(await compare(scenario, runs, progressOn(process.stderr), signal), flags);
  });
}

function networkIn({ storeLatency }: SimulateFlags): StoreNetwork | null {
  return storeLatency === undefined ? null : redisOver(storeLatency);
}

/** Reads `2ms` or `2ms,10ms`; without the second, the 99th percentile is four times the median. */
function latency(text: string): Latency {
  const parts = text.split(",").map((part) => parseQuantity(part.trim(), DURATION_UNITS) ?? 0);
  const [medianMs, p99Ms = USUAL_TAIL * medianMs] = parts;
  const isOrdered = medianMs > 0 && p99Ms >= medianMs && p99Ms <= MOST_LATENCY_MS;
  if (isOrdered && parts.length <= 2) return { medianMs, p99Ms };
  throw new InvalidArgumentError(
    "Allowed: a duration above 0 such as 2ms, or two, the second not below the first and up to 1s: 2ms,10ms.",
  );
}

/** Demand follows either from the limits or from the speed. */
function checkTogether({ config, speed, scale }: SimulateFlags): void {
  if (config === undefined || speed === undefined || scale === undefined) return;
  throw new SluiceError(
    "invalid_request",
    `--scale: found ${scale} with --config and --speed; allowed: one of --scale and --speed where --config gives the limits`,
  );
}

/** Before the run, not after it. */
function checkWritable(file: string): void {
  try {
    writeFileSync(file, "", { flag: "a" });
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    const why = errno === undefined ? (error as Error).message : getSystemErrorMessage(errno);
    throw new SluiceError(
      "invalid_request",
      `--report: found ${file} (${why}); allowed: a file that can be written`,
    );
  }
}

/** Null: the configuration is wrong, and it has been said why. */
function placeFor({ config: file }: SimulateFlags, { kind }: Recording): Place | null {
  // Recorded sessions are of Claude Code.
  if (file === undefined) return defaultPlace(kind === "sessions" ? "anthropic" : "openai");
  const loaded = loadConfig({ file, env: process.env });
  if (loaded.ok) return configuredPlace(loaded.config, file);
  for (const problem of loaded.problems) note(describeProblem(problem));
  return null;
}

/** @throws SluiceError `invalid_request` naming what is unknown and what there is. */
function policiesIn(list: string): PolicyName[] {
  const names = list.split(",").map((text) => {
    const known = POLICIES.find((name) => name === text.trim());
    if (known !== undefined) return known;
    throw new SluiceError(
      "invalid_request",
      `--policy: found ${JSON.stringify(text.trim())}; allowed: ${POLICIES.join(", ")}`,
    );
  });
  return [...new Set(names)];
}

async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<ExitCode> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    await work(interruption.signal);
    return EXIT.ok;
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function tell(report: SimulationReport, { report: file, json }: SimulateFlags): void {
  if (file !== undefined) writeFileSync(file, renderReport(report));
  if (json) {
    const policies = Object.fromEntries(
      report.policies.map(({ name, figures, store }) => [
        name,
        store === null ? figures : { ...figures, store },
      ]),
    );
    printJson({ seed: report.seed, seconds: report.seconds, policies });
    return;
  }
  for (const line of summaryLines(report)) print(line);
  if (file !== undefined) note(`sluice: the report is in ${file}`);
}
