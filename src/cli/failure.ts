/** Failure: turns whatever was thrown into one line and an exit code; a stack only with SLUICE_DEBUG=1. */
import { getSystemErrorMessage } from "node:util";
import { CommanderError } from "commander";
import { SluiceError } from "../core/errors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { note } from "./output.ts";

/** Help and version come as errors too, with exit code 0. Commander has printed its own message. */
export function reportFailure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const isDebug = process.env["SLUICE_DEBUG"] === "1";
  note(`sluice: ${isDebug ? stackOf(error) : messageOf(error)}`);
  const isUsage = SluiceError.isInstance(error) && error.code === "invalid_request";
  return isUsage ? EXIT.usage : EXIT.failure;
}

/** One line; of an operation on a file that failed: the file and why. */
export function messageOf(error: unknown): string {
  const { errno, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (errno !== undefined && path !== undefined) return `${path}: ${getSystemErrorMessage(errno)}`;
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0] || "failed without a message";
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
