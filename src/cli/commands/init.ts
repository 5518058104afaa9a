/** `sluice init`: writes a first configuration, from scratch or from LiteLLM's. */
import { readFileSync, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { SluiceError } from "../../core/errors.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { messageOf } from "../failure.ts";
import { convertLitellm } from "../litellm/convert.ts";
import { parseLitellm } from "../litellm/parse.ts";
import { DEFAULT_FILE, examples } from "../options.ts";
import { note, print } from "../output.ts";
import { STARTER } from "../starter.ts";

interface InitOptions {
  readonly config: string;
  readonly from?: string;
  readonly force?: boolean;
}

export function initCommand(): Command {
  return new Command("init")
    .description("write a first configuration")
    .addOption(new Option("-c, --config <file>", "file to write").default(DEFAULT_FILE))
    .addOption(new Option("--from <file>", "convert a LiteLLM configuration"))
    .addOption(new Option("--force", "overwrite an existing file"))
    .addHelpText("after", examples("sluice init", "sluice init --from litellm.yaml"))
    .action(exits(init));
}

function init({ config: file, from, force = false }: InitOptions): ExitCode {
  if (from === undefined) write(file, STARTER, force);
  else convert(from, file, force);
  print(`wrote ${file}; next: sluice check -c ${file}`);
  return EXIT.ok;
}

function convert(from: string, file: string, force: boolean): void {
  const { config, leftOut } = convertLitellm(parseLitellm(readInput(from), from));
  write(
    file,
    `# Made from ${from} by \`sluice init --from\`.\n${stringify(config, { aliasDuplicateObjects: false })}`,
    force,
  );
  for (const what of leftOut) note(`not carried over: ${what}`);
}

function readInput(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SluiceError("invalid_request", messageOf(cause), { cause });
  }
}

function write(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const message = `${file} exists already; --force overwrites it`;
    throw new SluiceError("invalid_request", message, { cause: error });
  }
}
