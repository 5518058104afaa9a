/** Headers: what of a request may travel upstream, and what of an answer may travel back. */
import type { HeaderView } from "../../core/dialect.ts";

export type OutHeaders = Record<string, string | string[]>;

/** Headers a credential may come in, in the order they are looked at. */
export const CREDENTIAL_HEADERS = [
  "x-sluice-key",
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
] as const;

/** They speak of one connection only (RFC 9110, 7.6.1), or are made anew. */
const PER_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "expect",
  "http2-settings",
]);

const OWN_PREFIX = "x-sluice-";
const OWN_BAGGAGE = /^\s*sluice\./;

/** The provider's view of its budget stays inside: tenants are told what binds them instead. */
const RATE_HEADER =
  /^(?:x-)?(?:[a-z0-9]+-)?rate-?limit|^anthropic-(?:priority|fast)-|^sforce-limit-info$|^x-shopify-shop-api-call-limit$|^x-(?:app|page|ad-account|business-use-case)-usage$/;

export interface OutboundHeaderOptions {
  /** Credential headers that must not travel on: all, or those that named the tenant. */
  readonly withheld: ReadonlySet<string>;
  /** Headers of the upstream's configuration and its credential. */
  readonly added: Readonly<Record<string, string>>;
  /** The answer will be read, so it must not be compressed. */
  readonly isRead: boolean;
  /** The body passes as it comes, so the length that the client told holds. */
  readonly keepsLength: boolean;
}

export function outboundHeaders(inbound: HeaderView, options: OutboundHeaderOptions): OutHeaders {
  const named = namedByConnection(inbound.connection);
  const headers: OutHeaders = {};
  for (const name in inbound) {
    if (PER_CONNECTION.has(name) || name.startsWith(OWN_PREFIX) || named.has(name)) continue;
    if (options.withheld.has(name)) continue;
    const value = name === "baggage" ? foreignBaggage(inbound[name]) : inbound[name];
    if (value !== undefined) headers[name] = typeof value === "string" ? value : [...value];
  }
  if (options.isRead) headers["accept-encoding"] = "identity";
  const length = headerText(inbound, "content-length");
  if (options.keepsLength && length !== undefined) headers["content-length"] = length;
  return Object.assign(headers, options.added);
}

/** The answer's headers without what is the provider's and Sluice's own affair; in shadow mode limits are the client's. */
export function inboundHeaders(headers: HeaderView, keepsRates = false): OutHeaders {
  const named = namedByConnection(headers.connection);
  const kept: OutHeaders = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || named.has(name) || name.startsWith(OWN_PREFIX)) continue;
    if (name !== "content-length" && PER_CONNECTION.has(name)) continue;
    if (keepsRates || !isRateHeader(name))
      kept[name] = typeof value === "string" ? value : [...value];
  }
  return kept;
}

/** Providers send the same names over and over; they choose them, so there is a bound. */
const REMEMBERED_NAMES = 1_000;
const rateHeaderByName = new Map<string, boolean>();

function isRateHeader(name: string): boolean {
  const known = rateHeaderByName.get(name);
  if (known !== undefined) return known;
  if (rateHeaderByName.size >= REMEMBERED_NAMES) rateHeaderByName.clear();
  const isRate = RATE_HEADER.test(name);
  rateHeaderByName.set(name, isRate);
  return isRate;
}

const NONE: ReadonlySet<string> = new Set();

function namedByConnection(connection: HeaderView[string]): ReadonlySet<string> {
  if (connection === undefined || connection === "keep-alive" || connection === "close")
    return NONE;
  const names = String(connection).toLowerCase().split(",");
  return new Set(names.map((name) => name.trim()));
}

function foreignBaggage(value: HeaderView[string]): string | undefined {
  const kept = String(value ?? "")
    .split(",")
    .filter((member) => member.trim() !== "" && !OWN_BAGGAGE.test(member));
  return kept.length > 0 ? kept.join(",") : undefined;
}

/** One header's value as text; the first if it was repeated. */
export function headerText(headers: HeaderView, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" || value === undefined ? value : value[0];
}

/** A member of W3C baggage, decoded; undefined: absent or malformed. */
export function baggageMember(headers: HeaderView, key: string): string | undefined {
  const baggage = headerText(headers, "baggage");
  if (baggage === undefined) return undefined;
  for (const member of baggage.split(",")) {
    const [pair] = member.split(";");
    const at = pair.indexOf("=");
    if (at < 0 || pair.slice(0, at).trim() !== key) continue;
    try {
      return decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      return undefined;
    }
  }
  return undefined;
}
