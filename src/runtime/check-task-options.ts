/** Check task options: what a program says of its task, held against what is known; a slip must not pass silently. */
import { suggestionFor } from "../config/closest-name.ts";
import { SluiceError } from "../core/errors.ts";
import { FALLBACKS, LATENCY_CLASSES } from "../core/task.ts";

/** What is wrong in a value, as a sentence on what is allowed; null: nothing. */
type Check = (value: unknown, taskTypes: () => readonly string[]) => string | null;

const isText = (value: unknown) => typeof value === "string" && value !== "";
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;

const allowed =
  (words: string, isRight: (value: unknown) => boolean): Check =>
  (value) =>
    isRight(value) ? null : words;

const oneOf = (names: readonly string[]) =>
  allowed(names.join(", "), (value) => names.includes(value as string));

const time = allowed("milliseconds, 0 or more", (value) => isNumber(value) && value >= 0);

const CHECKS: Readonly<Record<string, Check>> = {
  tenant: allowed("a tenant's name", isText),
  type: (value, taskTypes) => {
    const types = taskTypes();
    if (!isText(value)) return "a task type's name";
    // Where no type is configured, a name only tells the classifier what it is.
    if (types.length < 2 || types.includes(value as string)) return null;
    return types.join(", ") + suggestionFor(value, types);
  },
  latency: oneOf(LATENCY_CLASSES),
  maxWaitMs: time,
  deadlineMs: time,
  fallback: allowed(
    `a list of ${FALLBACKS.join(", ")}`,
    (value) => Array.isArray(value) && value.every((one) => FALLBACKS.includes(one)),
  ),
  chain: allowed("{ id, step, depth }: a text and counts", isChain),
  minQuality: allowed(
    "a number from 0 to 1",
    (value) => isNumber(value) && value >= 0 && value <= 1,
  ),
  trim: allowed(
    "off, fit, or tokens of input above 0",
    (value) => value === "off" || value === "fit" || (isNumber(value) && value > 0),
  ),
  tags: allowed("a list of texts", (value) => Array.isArray(value) && value.every(isText)),
};

function isChain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { id, step = 1, depth = 0, ...others } = value as Readonly<Record<string, unknown>>;
  return isText(id) && isCount(step) && isCount(depth) && Object.keys(others).length === 0;
}

/**
 * `more`: fields that belong to something else. `taskTypes`: all that are configured.
 *
 * @throws SluiceError `invalid_request` naming the field, the value and what is allowed.
 */
export function checkTaskOptions(
  options: object,
  taskTypes: () => readonly string[],
  more: readonly string[] = [],
): void {
  for (const name in options) {
    const value: unknown = options[name as keyof typeof options];
    if (value === undefined || more.includes(name)) continue;
    const words = Object.hasOwn(CHECKS, name)
      ? CHECKS[name](value, taskTypes)
      : knownFields(name, more);
    if (words !== null) throw invalid(name, value, words);
  }
}

function knownFields(name: string, more: readonly string[]): string {
  const names = [...more, ...Object.keys(CHECKS)];
  return `only ${names.join(", ")}${suggestionFor(name, names)}`;
}

const LONGEST_SHOWN = 100;

function invalid(name: string, value: unknown, words: string): SluiceError {
  const shown = JSON.stringify(value) ?? String(value);
  const found = shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}...` : shown;
  return new SluiceError("invalid_request", `task.${name}: found ${found}, allowed: ${words}`);
}
