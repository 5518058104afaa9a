/** Limits as text: what `sluice mock --limits rpm=60,tpm=10k` is given. */
import { DIMENSIONS, type Dimension, type MockLimits } from "./limits/limits.ts";

const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1_000, M: 1_000_000 };
const AMOUNT = /^(\d[\d_]*(?:\.\d+)?)([kM]?)$/;

/**
 * Reads limits for {@link startMock} from text.
 *
 * @param text `name=amount` separated by commas; amounts may carry `_`, and end in `k` or `M`.
 * @throws Error naming the field, the value and what is allowed.
 * @example
 * ```ts
 * parseMockLimits("rpm=60,tpm=10k"); // { rpm: 60, tpm: 10_000 }
 * ```
 */
export function parseMockLimits(text: string): MockLimits {
  const limits: Partial<Record<Dimension, number>> = {};
  for (const entry of text.split(",")) {
    if (entry.trim() === "") continue;
    const [name, amount] = parseEntry(entry.trim());
    if (limits[name] !== undefined) throw new Error(`limits: "${name}" is given twice`);
    limits[name] = amount;
  }
  return limits;
}

function parseEntry(entry: string): [Dimension, number] {
  const [name, amount, ...rest] = entry.split("=").map((part) => part.trim());
  if (amount === undefined || rest.length > 0) {
    throw new Error(`limits: expected name=amount (as in rpm=60), got "${entry}"`);
  }
  const dimension = DIMENSIONS.find((known) => known === name);
  if (!dimension) {
    throw new Error(`limits: unknown limit "${name}"; allowed are ${DIMENSIONS.join(", ")}`);
  }
  return [dimension, parseAmount(dimension, amount)];
}

function parseAmount(name: Dimension, text: string): number {
  const match = AMOUNT.exec(text);
  const amount = match ? Number(match[1].replaceAll("_", "")) * MULTIPLES[match[2]] : Number.NaN;
  if (amount >= 1) return Number(amount.toPrecision(12)); // 0.07 * 1_000_000 is not quite 70_000
  throw new Error(
    `limits: ${name} must be a number of at least 1, with k or M if you like (60, 10k, 1_000), got "${text}"`,
  );
}
