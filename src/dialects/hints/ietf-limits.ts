/** The IETF RateLimit and RateLimit-Policy fields (draft-ietf-httpapi-ratelimit-headers, structured fields). */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { wholeWaitMs } from "./durations.ts";
import { headerValues } from "./headers.ts";
import { type BareItem, type ListMember, parseList } from "./structured-fields.ts";

/** Quota units of the draft, and those that LLM gateways add; others (content-bytes) are nothing we meter. */
const DIMENSIONS: Readonly<Record<string, LimitReading["dimension"]>> = {
  requests: "requests",
  "concurrent-requests": "concurrency",
  tokens: "tokens",
  "input-tokens": "input_tokens",
  "output-tokens": "output_tokens",
};

export function ietfReadings(headers: HeaderView): readonly LimitReading[] {
  const states = members(headers, "ratelimit");
  const policies = members(headers, "ratelimit-policy");
  if (states.some((state) => state.key === "remaining" || state.key === "limit")) {
    return [oldSingleField(states, policies[0])];
  }
  if (states.length === 0) return policies.flatMap((policy) => reading(policy, undefined) ?? []);
  return states.flatMap((state) => reading(policyOf(state, policies), state) ?? []);
}

function members(headers: HeaderView, name: string): readonly ListMember[] {
  return parseList(headerValues(headers, name).join(", ")) ?? [];
}

function policyOf(state: ListMember, policies: readonly ListMember[]): ListMember | undefined {
  const named = policies.find((policy) => policy.value === state.value);
  return named ?? (policies.length === 1 ? policies[0] : undefined);
}

function reading(
  policy: ListMember | undefined,
  state: ListMember | undefined,
): LimitReading | null {
  const unit = policy?.parameters.get("qu") ?? "requests";
  const dimension =
    typeof unit === "string" && Object.hasOwn(DIMENSIONS, unit) ? DIMENSIONS[unit] : null;
  if (dimension === null) return null;
  return {
    dimension,
    perMs: secondsOf(policy?.parameters.get("w")),
    // Older drafts gave the quota as the item itself: `100;w=60`.
    limit: amountOf(policy?.parameters.get("q") ?? policy?.value),
    remaining: amountOf(state?.parameters.get("r")),
    resetMs: secondsOf(state?.parameters.get("t")),
    resetMeaning: "window",
    quantum: 1,
  };
}

/** `RateLimit: limit=100, remaining=50, reset=30` of the drafts 04 to 07. */
function oldSingleField(
  states: readonly ListMember[],
  policy: ListMember | undefined,
): LimitReading {
  const tell = (key: string) => states.find((state) => state.key === key)?.value;
  return {
    dimension: "requests",
    perMs: secondsOf(policy?.parameters.get("w")),
    limit: amountOf(tell("limit")),
    remaining: amountOf(tell("remaining")),
    resetMs: secondsOf(tell("reset")),
    resetMeaning: "window",
    quantum: 1,
  };
}

function amountOf(item: BareItem | undefined): number | null {
  return typeof item === "number" && item >= 0 ? Math.floor(item) : null;
}

function secondsOf(item: BareItem | undefined): number | null {
  return typeof item === "number" && item >= 0 ? wholeWaitMs(item * 1_000) : null;
}
