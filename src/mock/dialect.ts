/** Dialect: all in which one provider differs from another, as the mock needs it. */
import type { Body, Call, Spent } from "./answer/call.ts";
import type { BadRequest, Failure, Reply } from "./failure.ts";
import type { Demand } from "./limits/grant.ts";
import type { LimitOrder, MeterDimension } from "./limits/limits.ts";
import type { Meter } from "./limits/meter.ts";
import type { AccountRules } from "./limits/rules.ts";

/** Whose APIs the mock speaks. */
export const DIALECT_NAMES = [
  "openai",
  "anthropic",
  "azure-openai",
  "gemini",
  "bedrock",
  "groq",
  "openrouter",
  "hubspot",
  "salesforce",
  "mailchimp",
  "ga4",
  "shopify",
] as const;

export type DialectName = (typeof DIALECT_NAMES)[number];

/** What a path leads to. `path` is the name it has in statistics. */
export type Route =
  | {
      readonly kind: "call";
      readonly path: string;
      /** `json`: an object; `optional`: or nothing, which reads as an empty one; `any`: so does what is no object. */
      readonly body: "json" | "optional" | "any";
      read(body: Body): Call | Failure;
    }
  /** Answered at once and free of charge, from a body. */
  | { readonly kind: "count"; readonly path: string; reply(body: Body): Reply | BadRequest }
  /** Answered at once and free of charge, without a body. */
  | { readonly kind: "lookup"; readonly path: string; reply(): Reply | Failure }
  | { readonly kind: "wrong-method"; readonly path: string }
  | { readonly kind: "unknown-path" };

export type Headers = Readonly<Record<string, string>>;

/** What a route is found by. */
export interface Target {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface MockDialect extends AccountRules {
  readonly name: DialectName;
  /** What the provider's default tier is documented to have; limits that are given stand in its place. */
  readonly defaults: LimitOrder;
  /** What a call costs that failed or was refused. */
  failureDemand(failure: Failure): Demand;
  /** Charged for output tokens as they are produced. */
  readonly outputDimensions: readonly MeterDimension[];
  /** Header with the request's id, if it has one. */
  readonly requestIdHeader: string | null;
  /** The request's id in the provider's form; `id` has 24 hexadecimal digits. */
  requestId(id: string): string;
  /** Header with the milliseconds that the provider took, if it has one. */
  readonly processingHeader: string | null;
  route(target: Target): Route;
  /** The key that the caller shows, or null. */
  keyOf(headers: NodeJS.Dict<string | string[]>, query: URLSearchParams): string | null;
  /** What a call takes at admission. */
  demandOf(call: Call): Demand;
  /** Given back when a call has ended (below zero: charged), where what was taken was an estimate. */
  refundOf(call: Call, spent: Spent): Demand;
  /** `meters` are those that a model or endpoint counts in (null: the account's), refilled to now. */
  rateHeaders(meters: readonly Meter[], model: string | null): Headers;
  failureReply(failure: Failure, requestId: string): Reply;
}

export const NOTHING: Demand = Object.freeze({});
