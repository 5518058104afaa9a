/** Limits: what an account may use, in the words of the mock's options, and the check of such values. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Time in which a bucket refills from empty to full. */
export const PERIOD_MS = {
  rpm: MINUTE_MS,
  rpd: DAY_MS,
  tpm: MINUTE_MS,
  tpd: DAY_MS,
  itpm: MINUTE_MS,
  otpm: MINUTE_MS,
} as const;

/** What is counted by a bucket that refills. */
export type BucketDimension = keyof typeof PERIOD_MS;
/** Everything that can be limited. */
export type Dimension = BucketDimension | "max_parallel_requests";

export const BUCKET_DIMENSIONS = Object.keys(PERIOD_MS) as BucketDimension[];
export const DIMENSIONS: readonly Dimension[] = [...BUCKET_DIMENSIONS, "max_parallel_requests"];

/** Limits of an account or of a model; what is absent is neither enforced nor shown in headers. */
export interface MockLimits {
  /** Requests per minute. */
  readonly rpm?: number;
  /** Requests per day. */
  readonly rpd?: number;
  /** Tokens per minute, input and output in one bucket. */
  readonly tpm?: number;
  /** Tokens per day, input and output in one bucket. */
  readonly tpd?: number;
  /** Input tokens per minute (Anthropic only). */
  readonly itpm?: number;
  /** Output tokens per minute (Anthropic only). */
  readonly otpm?: number;
  /** Requests that may run at the same time. */
  readonly max_parallel_requests?: number;
}

/** A change of limits in mid-run: a number sets a limit, `null` lifts it, what is absent stays. */
export type LimitChanges = { readonly [D in Dimension]?: number | null };

/** Changes of the account's limits, and of models' by glob. */
export type LimitOrder = LimitChanges & {
  readonly models?: Readonly<Record<string, LimitChanges>>;
};

/**
 * Checks limits from outside.
 *
 * @throws Error naming the field, the value and what is allowed.
 */
export function checkLimits(
  limits: object,
  allowed: readonly Dimension[],
  where: string,
): asserts limits is LimitChanges {
  for (const [name, amount] of Object.entries(limits)) {
    if (!allowed.includes(name as Dimension)) {
      throw new Error(`${where}: unknown limit "${name}"; allowed are ${allowed.join(", ")}`);
    }
    if (amount !== null && amount !== undefined && !isAmount(amount)) {
      throw new Error(`${where}.${name} must be a number of at least 1, got ${String(amount)}`);
    }
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 1;
}
