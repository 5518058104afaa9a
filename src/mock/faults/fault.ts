/** Fault: what can be made to go wrong, and the check of such orders from outside. */

/** What goes wrong. */
export type FaultKind =
  /** Answered with this status; without a body in the provider's form for it. An object is sent as JSON. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** OpenAI: 503 server_error. Anthropic: 529 overloaded_error. */
  | { readonly kind: "overload" }
  /** OpenAI: 429 insufficient_quota without rate headers. Anthropic: 400 "credit balance is too low". */
  | { readonly kind: "billing" }
  /** Admitted and charged, then the connection is reset. */
  | { readonly kind: "reset" }
  /** Admitted and charged, never answered. */
  | { readonly kind: "hang" }
  /** An error event after status 200 and this many tokens; without a stream: status 500 at that time. */
  | { readonly kind: "error-in-stream"; readonly afterTokens: number }
  /** The connection closes after this many tokens. */
  | { readonly kind: "cut-stream"; readonly afterTokens: number }
  /** The first token takes this long. */
  | { readonly kind: "slow"; readonly firstTokenMs: number }
  /** No rate-limit headers in the answer. */
  | { readonly kind: "no-headers" };

/** Whom and when it hits; without any of this: every call. */
export interface FaultReach {
  /** How many calls it hits before it is spent. @default unbounded */
  readonly count?: number;
  /** Chance to hit a call, 0 to 1. @default 1 */
  readonly probability?: number;
  /** From when on, in milliseconds since the fault was added. @default 0 */
  readonly fromMs?: number;
  /** Until when, in milliseconds since the fault was added. @default unbounded */
  readonly untilMs?: number;
  /** Only models that this glob names (`*` stands for any characters). @default all */
  readonly model?: string;
}

export type Fault = FaultKind & FaultReach;

/** The number that each kind needs, and what a request header without a number means by it. */
const NUMBERS = {
  status: { field: "status", min: 200, max: 599, fallback: 500 },
  overload: null,
  billing: null,
  reset: null,
  hang: null,
  "error-in-stream": { field: "afterTokens", min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 5 },
  "cut-stream": { field: "afterTokens", min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 5 },
  slow: { field: "firstTokenMs", min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 5_000 },
  "no-headers": null,
} as const satisfies Record<FaultKind["kind"], object | null>;

const REACH = { count: 1, probability: 0, fromMs: 0, untilMs: 0 } as const;

/**
 * Checks a fault from outside.
 *
 * @throws Error naming the field, the value and what is allowed.
 */
export function checkFault(value: unknown): Fault {
  if (typeof value !== "object" || value === null) throw new Error("a fault must be an object");
  const fault = value as Record<string, unknown>;
  const need = NUMBERS[kindOf(fault.kind)];
  if (need) checkNumber(need.field, fault[need.field], need.min, need.max);
  for (const [field, min] of Object.entries(REACH)) {
    if (fault[field] !== undefined) checkNumber(field, fault[field], min, Number.MAX_SAFE_INTEGER);
  }
  if (fault.model !== undefined && typeof fault.model !== "string") {
    throw new Error(`fault.model must be a string, got ${String(fault.model)}`);
  }
  return { ...(value as Fault) };
}

/**
 * Reads what a request orders for itself: `kind` or `kind:number`, several separated by commas.
 *
 * @throws Error naming the kind or the number that is wrong.
 */
export function parseFaults(text: string): Fault[] {
  return text.split(",").map((order) => {
    const [name, number] = order.trim().split(":");
    const kind = kindOf(name);
    const need = NUMBERS[kind];
    if (!need) return checkFault({ kind });
    return checkFault({
      kind,
      [need.field]: number === undefined ? need.fallback : Number(number),
    });
  });
}

function kindOf(value: unknown): FaultKind["kind"] {
  if (typeof value === "string" && Object.hasOwn(NUMBERS, value)) return value as FaultKind["kind"];
  const allowed = Object.keys(NUMBERS).join(", ");
  throw new Error(
    `fault.kind must be one of ${allowed}, got ${JSON.stringify(value) ?? "nothing"}`,
  );
}

function checkNumber(field: string, value: unknown, min: number, max: number): void {
  if (typeof value === "number" && value >= min && value <= max) return;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new Error(`fault.${field} must be a number ${bounds}, got ${String(value)}`);
}
