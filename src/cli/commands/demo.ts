/** `sluice demo`: shows what scheduling is worth: one overload by Sluice, and the same by retries alone. */
import { Command } from "commander";
import { SluiceError } from "../../core/errors.ts";
import { type DemoOptions, type DemoResult, policiesIn, runDemo } from "../../demo/demo.ts";
import { POLICY_NAMES } from "../../demo/drive/policy.ts";
import { legend } from "../../demo/show/legend.ts";
import { comparisonTable } from "../../demo/show/table.ts";
import { verdictOn } from "../../demo/show/verdict.ts";
import { wrapped } from "../../figures/words.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { ANY_NUMBER, examples, jsonOption, numberBetween } from "../options.ts";
import { emphasised, note, print, printJson } from "../output.ts";

interface DemoFlags {
  readonly seconds: number;
  readonly seed: number;
  readonly trace?: string;
  readonly speed?: number;
  readonly policy: string;
  readonly json?: boolean;
}

/** Of output that is not a terminal. */
const WIDE = 120;
const LEAST_SECONDS = 3;
const MOST_SECONDS = 600;
const LEAST_SPEED = 0.001;
const MOST_SPEED = 1_000_000;

export function demoCommand(): Command {
  return new Command("demo")
    .description("run three times too much load against a mock provider, with Sluice and without")
    .option(
      "--seconds <n>",
      "how long tasks arrive; measured from second 5 on",
      numberBetween(LEAST_SECONDS, MOST_SECONDS),
      30,
    )
    .option("--seed <n>", "decides everything that is drawn", ANY_NUMBER, 1)
    .option("--trace <file>", "replay a recorded trace (CSV) instead of the shipped profile")
    .option(
      "--speed <n>",
      "recorded seconds of the trace in one second (default: so that there is enough demand)",
      numberBetween(LEAST_SPEED, MOST_SPEED),
    )
    .option("--policy <names>", "which to run", POLICY_NAMES.join(","))
    .addOption(jsonOption("print the figures as one JSON object on stdout"))
    .addHelpText(
      "after",
      examples(
        "sluice demo",
        "sluice demo --policy sluice --seconds 60",
        "sluice demo --trace azure_llm_2023_conv.csv --speed 20 --json | jq .policies.sluice",
      ),
    )
    .action(exits(demo));
}

async function demo(flags: DemoFlags): Promise<ExitCode> {
  const options = optionsFrom(flags);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    const result = await runDemo(options, {
      stream: process.stderr,
      isAnimated: process.stderr.isTTY === true && !process.env["NO_COLOR"],
      signal: interruption.signal,
    });
    for (const remark of result.remarks) note(remark);
    if (flags.json) printJson(result.report);
    else tell(result);
    return EXIT.ok;
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function optionsFrom({ seconds, seed, trace, speed, policy }: DemoFlags): DemoOptions {
  if (speed !== undefined && trace === undefined) {
    throw new SluiceError("invalid_request", "--speed: found without --trace; allowed: with it");
  }
  const policies = policiesIn(policy);
  return { seconds, seed, trace: trace ?? null, speed: speed ?? null, policies };
}

function tell({ columns }: DemoResult): void {
  print("");
  const width = process.stdout.columns ?? WIDE;
  for (const line of comparisonTable(columns, width)) print(line);
  print("");
  for (const line of wrapped(verdictOn(columns), width)) print(emphasised(line, process.stdout));
  print("");
  for (const text of legend(columns)) for (const line of wrapped(text, width)) print(line);
}
