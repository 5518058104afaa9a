/** Program: puts the commands together; errors are one line and never end the process by themselves. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { COMMANDS } from "./commands.ts";
import { examples } from "./options.ts";

export function createProgram(): Command {
  const program = new Command("sluice")
    .description("Schedules rate limits instead of surviving them.")
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .addHelpText("after", examples("sluice init", "sluice check", "sluice <command> --help"));
  for (const create of COMMANDS) program.addCommand(inheriting(create(), program));
  return program;
}

/** Commander passes settings on only to commands it has created itself. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheriting(child, command);
  return command;
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function oneLine(text: string): string {
  return `${text
    .trim()
    .replace(/^error: /, "sluice: ")
    .replaceAll("\n", " ")}\n`;
}
