/** Limits: what an account may use, in the words of the mock's options, and the check of such values. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Shopify's buckets empty in this time on every plan: 1,000 points at 50 a second, 40 calls at 2 a second. */
const SHOPIFY_MS = 20_000;

/** What an amount is per: the time in which a bucket refills, or the length of a window. */
export const PERIOD_MS = {
  rps: SECOND_MS,
  rp10s: 10 * SECOND_MS,
  rpm: MINUTE_MS,
  rpd: DAY_MS,
  tpm: MINUTE_MS,
  tph: HOUR_MS,
  project_tph: HOUR_MS,
  tpd: DAY_MS,
  itpm: MINUTE_MS,
  otpm: MINUTE_MS,
  points: SHOPIFY_MS,
  rest_calls: SHOPIFY_MS,
  server_errors_per_hour: HOUR_MS,
} as const;

/** What is counted by a meter. */
export type MeterDimension = keyof typeof PERIOD_MS;
/** Everything that can be limited. */
export type Dimension = MeterDimension | "max_parallel_requests";

export const METER_DIMENSIONS = Object.keys(PERIOD_MS) as MeterDimension[];
export const DIMENSIONS: readonly Dimension[] = [...METER_DIMENSIONS, "max_parallel_requests"];

/** How a provider enforces an amount. */
export type MeterRule =
  /** Refills continuously, up to the amount. */
  | { readonly kind: "bucket" }
  /** No stretch of that length may hold more. */
  | { readonly kind: "sliding" }
  /** Begins anew at the end of each window; days end at midnight of `zone`. */
  | { readonly kind: "fixed"; readonly zone: string }
  /** An amount per minute that is enforced in slices of one or ten seconds. */
  | { readonly kind: "sliced" };

export type MeterRules = { readonly [D in MeterDimension]?: MeterRule };

export const BUCKET: MeterRule = { kind: "bucket" };
export const SLIDING: MeterRule = { kind: "sliding" };

export function fixed(zone = "UTC"): MeterRule {
  return { kind: "fixed", zone };
}

/** Limits of an account, a model or an endpoint; what is absent is neither enforced nor shown in headers. */
export interface MockLimits {
  /** Requests per second (HubSpot's searches). */
  readonly rps?: number;
  /** Requests in ten seconds (HubSpot). */
  readonly rp10s?: number;
  /** Requests per minute. */
  readonly rpm?: number;
  /** Requests per day. */
  readonly rpd?: number;
  /** Tokens per minute, input and output in one meter; Gemini counts input only. */
  readonly tpm?: number;
  /** Quota tokens per hour and property (GA4). */
  readonly tph?: number;
  /** Quota tokens per hour, property and project (GA4). */
  readonly project_tph?: number;
  /** Tokens per day, input and output in one meter. */
  readonly tpd?: number;
  /** Input tokens per minute (Anthropic only). */
  readonly itpm?: number;
  /** Output tokens per minute (Anthropic only). */
  readonly otpm?: number;
  /** Size of the bucket of GraphQL's cost points, of which a twentieth comes back each second (Shopify). */
  readonly points?: number;
  /** Size of the bucket of REST calls, of which a twentieth comes back each second (Shopify). */
  readonly rest_calls?: number;
  /** Server errors per hour, after which everything is refused (GA4). */
  readonly server_errors_per_hour?: number;
  /** Requests that may run at the same time; at Salesforce those that have run for long. */
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
  rules: MeterRules,
  where: string,
): asserts limits is LimitChanges {
  const allowed = DIMENSIONS.filter((name) => name === "max_parallel_requests" || rules[name]);
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
