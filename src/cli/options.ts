/** Options: those that several commands share. */
import { InvalidArgumentError, Option } from "commander";

export const DEFAULT_FILE = "sluice.yaml";

export function configOption(): Option {
  return new Option("-c, --config <file>", "configuration file (YAML or JSON)").default(
    DEFAULT_FILE,
  );
}

export function jsonOption(description = "print one JSON object on stdout"): Option {
  return new Option("--json", description);
}

/** Shown under a command's help. */
export function examples(...lines: readonly string[]): string {
  const heading = lines.length === 1 ? "Example:" : "Examples:";
  return `\n${heading}\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
}

/** Reads an option's number; commander names the option in the message. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== "" && number >= least && number <= most) return number;
    const upTo =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Allowed: a number ${upTo}.`);
  };
}

/** The same for a number of things. */
export function wholeBetween(least: number, most: number): (text: string) => number {
  const numberIn = numberBetween(least, most);
  return (text) => {
    const number = numberIn(text);
    if (Number.isInteger(number)) return number;
    throw new InvalidArgumentError(`Allowed: a whole number from ${least} to ${most}.`);
  };
}

export const ANY_NUMBER = numberBetween(0, Number.MAX_SAFE_INTEGER);
