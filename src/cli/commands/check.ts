/** `sluice check`: says whether a configuration is valid, and names everything that is not. */
import { Command } from "commander";
import { describeProblem, type InactiveKey, type Loaded, loadConfig } from "../../config/index.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { configOption, examples, jsonOption } from "../options.ts";
import { emphasised, note, print, printJson } from "../output.ts";

interface CheckOptions {
  readonly config: string;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return new Command("check")
    .description("check a configuration: exit code 0 if it is valid, 2 if not")
    .addOption(configOption())
    .addOption(jsonOption("print { ok, problems, inactive } on stdout"))
    .addHelpText("after", examples("sluice check", "sluice check -c staging.yaml --json"))
    .action(exits(check));
}

function check({ config: file, json }: CheckOptions): ExitCode {
  const loaded = loadConfig({ file, env: process.env });
  if (json) printJson(asJson(loaded));
  else tell(file, loaded);
  return loaded.ok ? EXIT.ok : EXIT.usage;
}

function asJson(loaded: Loaded) {
  if (!loaded.ok) return { ok: false, problems: loaded.problems, inactive: [] };
  return { ok: true, problems: [], inactive: loaded.inactive };
}

function tell(file: string, loaded: Loaded): void {
  if (loaded.ok) {
    print(`${file}: ${emphasised("ok", process.stdout)}`);
    for (const line of remarksOn(file, loaded)) print(line);
    return;
  }
  for (const problem of loaded.problems) note(describeProblem(problem));
  const count = loaded.problems.length;
  note(emphasised(`sluice: ${file} has ${count} problem${count === 1 ? "" : "s"}`, process.stderr));
}

/** What is valid but does less than it may seem to; `serve` prints it too. */
export function remarksOn(file: string, loaded: Extract<Loaded, { ok: true }>): string[] {
  const unlimited = [...loaded.config.upstreams.values()].filter(({ limits }) => limits === null);
  return [
    ...loaded.inactive.map((key) => describeInactive(file, key)),
    ...unlimited.map(
      ({ name }) =>
        `${file}: upstreams.${name}.limits: absent, so they are learned from the provider's headers`,
    ),
    ...(loaded.config.policy.shadow
      ? [`${file}: policy.shadow: nothing is held back, only told what would be`]
      : []),
  ];
}

function describeInactive(file: string, { line, field, note }: InactiveKey): string {
  return `${file}:${line === null ? "" : `${line}:`} ${field}: accepted, not active yet (${note})`;
}
