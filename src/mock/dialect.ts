/** Dialect: all in which one provider differs from another, as the mock needs it. */
import type { Body, Call } from "./answer/call.ts";
import type { BadRequest, Failure, Reply } from "./failure.ts";
import type { Bucket } from "./limits/bucket.ts";
import type { Demand } from "./limits/grant.ts";
import type { BucketDimension, Dimension } from "./limits/limits.ts";

export type DialectName = "openai" | "anthropic";

/** What a path leads to. `path` is the name it has in statistics. */
export type Route =
  | { readonly kind: "call"; readonly path: string; read(body: Body): Call | BadRequest }
  /** Answered at once and free of charge, from a body. */
  | { readonly kind: "count"; readonly path: string; reply(body: Body): Reply | BadRequest }
  /** Answered at once and free of charge, without a body. */
  | { readonly kind: "lookup"; readonly path: string; reply(): Reply | Failure }
  | { readonly kind: "wrong-method"; readonly path: string }
  | { readonly kind: "unknown-path" };

export type Headers = Readonly<Record<string, string>>;

export interface MockDialect {
  readonly name: DialectName;
  /** Limits that this provider knows. */
  readonly dimensions: readonly Dimension[];
  /** Does a call that failed or was refused cost a request? */
  readonly failuresCount: boolean;
  /** Charged for output tokens as they are produced. */
  readonly outputDimensions: readonly BucketDimension[];
  /** Given back at the end for input that came from the prompt cache. */
  readonly cachedInputDimensions: readonly BucketDimension[];
  /** Header with the request's id. */
  readonly requestIdHeader: string;
  /** Header with the milliseconds that the provider took, if it has one. */
  readonly processingHeader: string | null;
  route(method: string, path: string): Route;
  /** The key that the caller shows, or null. */
  keyOf(headers: NodeJS.Dict<string | string[]>): string | null;
  /** What a call takes at admission. */
  demandOf(call: Call): Demand;
  /** `buckets` are those the call counts in, refilled to now. */
  rateHeaders(buckets: readonly Bucket[]): Headers;
  failureReply(failure: Failure, requestId: string): Reply;
}
