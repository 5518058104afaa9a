/** Commands: every command of `sluice`, in the order of its help. To add one, import it and add a line. */
import type { Command } from "commander";
import { checkCommand } from "./commands/check.ts";
import { classifyCommand } from "./commands/classify.ts";
import { demoCommand } from "./commands/demo.ts";
import { initCommand } from "./commands/init.ts";
import { keyCommand } from "./commands/key.ts";
import { mockCommand } from "./commands/mock.ts";
import { schemaCommand } from "./commands/schema.ts";
import { serveCommand } from "./commands/serve.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { tenantCommand } from "./commands/tenant.ts";

export const COMMANDS: readonly (() => Command)[] = [
  initCommand,
  checkCommand,
  schemaCommand,
  serveCommand,
  mockCommand,
  simulateCommand,
  classifyCommand,
  demoCommand,
  tenantCommand,
  keyCommand,
];
