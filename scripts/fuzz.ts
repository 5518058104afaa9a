/** Fuzz: damages so many responses and has every dialect read them. `npm run fuzz -- 100000 [first seed]` */
import { DIALECTS } from "../src/dialects/registry.ts";
import { seeded } from "../test/support/gateway-random.ts";
import { mutatedResponse, violationIn } from "../test/support/mutated-responses.ts";

const MOST_SHOWN = 20;

const [count, first = "1"] = process.argv.slice(2);
if (!/^\d{1,9}$/.test(count ?? "") || !/^\d{1,9}$/.test(first)) {
  process.stderr.write("usage: npm run fuzz -- <number of responses> [first seed]\n");
  process.exit(2);
}

const startedAt = performance.now();
let violations = 0;
let slowest = { seed: 0, dialect: "", ms: 0 };
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const response = mutatedResponse(seeded(seed));
  // Each response goes to one dialect, so that so many responses are so many readings.
  const dialect = DIALECTS[seed % DIALECTS.length];
  const before = performance.now();
  const violation = violationIn(dialect, response);
  const ms = performance.now() - before;
  if (ms > slowest.ms) slowest = { seed, dialect: dialect.name, ms };
  if (violation === null) continue;
  if (violations++ < MOST_SHOWN) {
    process.stdout.write(`seed ${seed}: ${dialect.name}: ${violation}\n`);
  }
}
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(
  `${count} responses, ${DIALECTS.length} dialects: ${violations} violations; ` +
    `${seconds} s, the slowest ${slowest.ms.toFixed(1)} ms (seed ${slowest.seed}, ${slowest.dialect})\n`,
);
if (violations > 0) process.exitCode = 1;
