/** Soak: attacks a gateway over HTTP so many times. `npm run soak -- 100000 --seed 1`; a seed that failed: `npm run soak -- 1 --seed 4711` */
import { parseArgs } from "node:util";
import { type SoakResult, soak } from "../test/support/soak/soak.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" } },
});
const [count = "100000"] = positionals;
if (!/^[1-9]\d{0,8}$/.test(count) || !/^\d{1,9}$/.test(values.seed)) {
  process.stderr.write("usage: npm run soak -- [number of attacks] [--seed <first seed>]\n");
  process.exit(2);
}

/** Beyond what collecting garbage leaves behind. */
const MOST_GROWTH_MIB = 24;

const attacks = Number(count);
const startedAt = performance.now();
const result = await soak({ attacks, seed: Number(values.seed), onProgress: tell });
print(result);

function tell(done: number): void {
  if (done % 5_000 === 0 || done === attacks) process.stderr.write(`${done} of ${attacks}\n`);
}

function print({ kinds, failures, failed, reachedUpstream, memory }: SoakResult): void {
  const line = (...cells: readonly (string | number)[]) =>
    `${String(cells[0]).padEnd(20)}${cells
      .slice(1, 4)
      .map((cell) => String(cell).padStart(10))
      .join("")}  ${cells[4]}\n`;
  let text = line("kind", "attacks", "requests", "slowest", "answers");
  let requests = 0;
  for (const [kind, figures] of Object.entries(kinds).sort(([a], [b]) => a.localeCompare(b))) {
    requests += figures.requests;
    const answers = Object.entries(figures.answers).map(([status, times]) => `${status}: ${times}`);
    const slowest = `${Math.round(figures.slowestMs)} ms`;
    text += line(kind, figures.attacks, figures.requests, slowest, answers.join(", "));
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const { warm, end } = memory;
  const growth = end.heapMiB - warm.heapMiB;
  const isFlat = growth < MOST_GROWTH_MIB;
  const mib = (value: number) => `${value.toFixed(1)} MiB`;
  text += `${failures.map((failure) => `${failure}\n`).join("")}`;
  text += `${attacks} attacks, ${requests} requests, ${reachedUpstream} reached the upstream, ${seconds} s: ${failed} failures\n`;
  text += `memory after a quarter: heap ${mib(warm.heapMiB)}, in all ${mib(warm.rssMiB)}; at the end: heap ${mib(end.heapMiB)}, in all ${mib(end.rssMiB)}${isFlat ? "" : ": it grows"}\n`;
  process.stdout.write(text);
  if (failed > 0 || !isFlat) process.exitCode = 1;
}
