#!/usr/bin/env node
/** Main: the `sluice` command; nothing that is thrown reaches a user as a stack trace. */
import { EXIT } from "./exit.ts";
import { reportFailure } from "./failure.ts";
import { endQuietlyOnClosedPipe } from "./output.ts";
import { createProgram } from "./program.ts";

endQuietlyOnClosedPipe();
process.on("uncaughtException", (error) => process.exit(reportFailure(error)));
// Steps back as soon as a command listens itself, to end its work in order.
process.on("SIGINT", () => {
  if (process.listenerCount("SIGINT") === 1) process.exit(EXIT.interrupted);
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportFailure(error);
}
