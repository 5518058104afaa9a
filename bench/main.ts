/** Benchmarks: `npm run bench -- <name> [--json]` measures with peers in the same run and prints a table. */
import { availableParallelism } from "node:os";
import { benchAgreement } from "./agreement/bench.ts";
import { benchCore } from "./core/bench.ts";
import { benchHeadOfLine } from "./core/head-of-line.ts";
import type { Figure } from "./figure.ts";
import { benchFleet } from "./fleet/bench.ts";
import { benchGateway } from "./gateway/bench.ts";
import { benchRealTime } from "./real-time/bench.ts";
import { benchRedis } from "./redis/bench.ts";
import { benchSimulator } from "./simulator/bench.ts";
import { benchTokens } from "./tokens/bench.ts";

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<readonly Figure[]>>> = {
  agreement: benchAgreement,
  core: benchCore,
  fleet: benchFleet,
  gateway: benchGateway,
  "head-of-line": benchHeadOfLine,
  "real-time": benchRealTime,
  redis: benchRedis,
  simulator: benchSimulator,
  tokens: benchTokens,
};

const [name, ...flags] = process.argv.slice(2);
const bench = BENCHES[name ?? ""];
if (bench === undefined) {
  process.stderr.write(
    `bench: found ${name ?? "nothing"}, allowed: ${Object.keys(BENCHES).join(", ")}\n`,
  );
  process.exit(2);
}
const figures = await bench(flags);
const isJson = flags.includes("--json");
const report = { bench: name, node: process.version, cpus: availableParallelism(), figures };
process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : table(figures));

function table(rows: readonly Figure[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  const lines = rows.map((row) => {
    const value = row.value.toLocaleString("en-US", { maximumFractionDigits: 3 });
    return `${row.name.padEnd(width)}  ${value.padStart(12)} ${row.unit}${row.peer ? "  (peer)" : ""}`;
  });
  return `${lines.join("\n")}\n`;
}
