/** Wishes: what a request orders for itself, by header or in its body's metadata. */
import type { IncomingHttpHeaders } from "node:http";
import { type Body, isBody } from "../answer/call.ts";
import { type Fault, parseFaults } from "../faults/fault.ts";

export interface Wishes {
  /** `x-mock-output-tokens`, `metadata.mock_output_tokens` */
  readonly outputTokens: number | null;
  /** `x-mock-first-token-ms`, `metadata.mock_first_token_ms` */
  readonly firstTokenMs: number | null;
  /** `x-mock-cached-tokens`, `metadata.mock_cached_tokens`: input that counts as read from the prompt cache. */
  readonly cachedTokens: number | null;
  /** `x-mock-fault`, `metadata.mock_fault`: `kind` or `kind:number`. */
  readonly faults: readonly Fault[];
}

/** A metadata field does what the header does: gateways may strip headers. */
export function readWishes(headers: IncomingHttpHeaders, body: Body): Wishes {
  const metadata = isBody(body.metadata) ? body.metadata : {};
  const wish = (name: string) =>
    headers[`x-mock-${name}`] ?? metadata[`mock_${name.replaceAll("-", "_")}`];
  const faults = wish("fault");
  return {
    outputTokens: wishedNumber("output-tokens", wish("output-tokens")),
    firstTokenMs: wishedNumber("first-token-ms", wish("first-token-ms")),
    cachedTokens: wishedNumber("cached-tokens", wish("cached-tokens")),
    faults: faults === undefined ? [] : parseFaults(String(faults)),
  };
}

/** A wish that cannot be read is an error: a test must not go on without what it asked for. */
function wishedNumber(name: string, value: unknown): number | null {
  if (value === undefined) return null;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number) && number >= 0) return number;
  throw new Error(`x-mock-${name} must be a number of at least 0, got ${JSON.stringify(value)}`);
}
