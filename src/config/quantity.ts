/** Quantity: numbers as people write them, `10_000`, `30k`, `32MiB`, `5m`. */

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** As a length of time a month has 30 days; as a fixed window it is the calendar's. */
export const MONTH_MS = 30 * DAY_MS;

export type Units = Readonly<Record<string, number>>;

export const PLAIN: Units = { "": 1 };
export const COUNT_UNITS: Units = { "": 1, k: 1e3, M: 1e6 };
export const SIZE_UNITS: Units = {
  ...COUNT_UNITS,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};
/** In milliseconds, which a number without a unit means too. */
export const DURATION_UNITS: Units = {
  "": 1,
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  mo: MONTH_MS,
};

const DIGITS = "\\d+(?:_\\d+)*(?:\\.\\d+)?";
const WRITTEN = new RegExp(`^(${DIGITS})([A-Za-z]*)$`);

/** The value in the smallest of `units`; undefined if it is not written as one, negative or not finite. */
export function parseQuantity(value: unknown, units: Units): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string") return undefined;
  const [, digits, unit] = WRITTEN.exec(value) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  // 4.1M is 4099999.9999999995 in binary; fifteen digits are what a double can keep of a decimal.
  return Number((Number(digits.replaceAll("_", "")) * units[unit]).toPrecision(15));
}

/** A regular expression for JSON Schema: what `parseQuantity` accepts, or a variable to be replaced. */
export function quantityPattern(units: Units): string {
  const suffixes = Object.keys(units).filter((unit) => unit !== "");
  return `^${DIGITS}(${suffixes.join("|")})?$|\\$\\{`;
}
