/** Failure: everything that can go wrong for a caller, before a dialect gives it its words. */
import type { Refusal } from "./limits/account.ts";

export type Failure =
  | { readonly kind: "unauthorized"; readonly key: string | null }
  | { readonly kind: "unknown-path"; readonly method: string; readonly path: string }
  | { readonly kind: "wrong-method"; readonly method: string; readonly path: string }
  | { readonly kind: "unknown-model"; readonly model: string }
  | { readonly kind: "bad-json" }
  | BadRequest
  | { readonly kind: "too-large" }
  | { readonly kind: "rate-limited"; readonly refusal: Refusal; readonly model: string }
  /** The model is there, but still loading. */
  | { readonly kind: "not-ready"; readonly model: string }
  | { readonly kind: "overloaded"; readonly serviceTier: string | null }
  | { readonly kind: "out-of-credit" }
  | { readonly kind: "status"; readonly status: number };

export interface BadRequest {
  readonly kind: "bad-request";
  readonly message: string;
  /** The field at fault, where the provider's form names it. */
  readonly param: string | null;
  readonly code: string | null;
}

export function badRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
): BadRequest {
  return { kind: "bad-request", message, param, code };
}

/** A model whose name contains "not-ready" is still loading, at providers that have such an answer. */
export function isNotReady(model: string): boolean {
  return model.includes("not-ready");
}

/** Any model is served but those whose name contains "missing": so tests ask for one that is not there. */
export function isUnknownModel(model: string): boolean {
  return model.includes("missing");
}

/** An answer in one piece, ready for the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonReply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: { "content-type": "application/json", ...headers }, body: text };
}
