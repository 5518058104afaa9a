/** Formats: schemas of texts with a form of their own: addresses, URLs, times of day, time zones, key hashes. */
import { isIPv4, isIPv6 } from "node:net";
import { DURATION_UNITS, MONTH_MS, parseQuantity, quantityPattern } from "../quantity.ts";
import { type Leaf, leaf } from "./leaf.ts";

export interface ListenAddress {
  /** IPv6 without brackets. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):(\d{1,5})$/;
export const LISTEN_EXPECTED =
  "host:port, such as 127.0.0.1:8787, [::1]:8787 or 0.0.0.0:0 (port 0: a free one)";

export function parseListen(value: unknown): ListenAddress | undefined {
  const [, bracketed, name, digits] = (typeof value === "string" && ADDRESS.exec(value)) || [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  if (bracketed === undefined) return { host: name, port };
  return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
}

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  return host.toLowerCase() === "localhost" || /^(?:0*:)+0*1$/.test(host);
}

export function listenAddress(): Leaf<ListenAddress> {
  return leaf({ expected: LISTEN_EXPECTED, read: parseListen, json: { type: "string" } });
}

/** Stands in `{dc}`'s place while an address is read: braces are not allowed in hosts, and are encoded in paths. */
const MARK = "sluice--data--centre";

/** Without a trailing slash; `{dc}` and a query stay. */
export function baseUrl(): Leaf<string> {
  const expected =
    "an http or https URL without user, password or fragment, such as https://api.example.com/v1";
  return leaf({ expected, read: readBaseUrl, json: { type: "string" } });
}

function readBaseUrl(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.replaceAll("{dc}", MARK) : value;
  const url = readUrl(text, ["http:", "https:"]);
  if (url === undefined || url.username !== "" || url.password !== "") return undefined;
  if (url.href.includes("#")) return undefined;
  const address = url.origin + url.pathname.replace(/\/+$/, "") + url.search;
  return address.replaceAll(MARK, "{dc}");
}

/** Where alerts, classifications and requests for tokens go: exactly as it is written. */
export function callUrl(): Leaf<string> {
  const read = (value: unknown) => {
    const url = readUrl(value, ["http:", "https:"]);
    return url?.username === "" && url.password === "" ? url.href : undefined;
  };
  const expected = "an http or https URL without user and password";
  return leaf({ expected, read, json: { type: "string" } });
}

export function redisUrl(): Leaf<string> {
  const read = (value: unknown) => readUrl(value, ["redis:", "rediss:"]) && String(value);
  const expected = "a Redis URL, such as redis://127.0.0.1:6379 or rediss://host:6380";
  return leaf({ expected, read, json: { type: "string" } });
}

function readUrl(value: unknown, protocols: readonly string[]): URL | undefined {
  if (typeof value !== "string" || /\s/.test(value)) return undefined;
  const url = URL.parse(value);
  const hasHost = url !== null && url.hostname !== "" && value.includes("://");
  return hasHost && protocols.includes(url.protocol) ? url : undefined;
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Minutes after midnight. */
export function timeOfDay(): Leaf<number> {
  const read = (value: unknown) => {
    const [, hours, minutes] = (typeof value === "string" && TIME.exec(value)) || [];
    return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
  };
  const expected = 'a time of day in quotes, from "00:00" to "23:59"';
  return leaf({ expected, read, json: { type: "string", pattern: `${TIME.source}|\\$\\{` } });
}

export function timeZone(): Leaf<string> {
  const expected = "an IANA time zone, such as UTC or America/New_York";
  return leaf({ expected, read: readTimeZone, json: { type: "string" } });
}

function readTimeZone(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return value;
  } catch {
    return undefined;
  }
}

/** In lower case, so that two spellings of one key are seen as the same. */
export function keyHash(): Leaf<string> {
  const pattern = /^sha256:[0-9a-f]{64}$/;
  const read = (value: unknown) => {
    const hash = typeof value === "string" ? value.toLowerCase() : "";
    return pattern.test(hash) ? hash : undefined;
  };
  const expected = "sha256: and 64 hexadecimal digits, as `sluice key create` prints";
  return leaf({ expected, read, json: { type: "string" } });
}

export interface Period {
  readonly ms: number;
  /** A month of the calendar, whose length differs. */
  readonly isCalendarMonth: boolean;
}

const { mo: _months, ...WITHOUT_MONTHS } = DURATION_UNITS;
/** The longest window: a year. */
const PERIOD_MAX_MS = 366 * DURATION_UNITS.d;

export function period(): Leaf<Period> {
  const read = (value: unknown) => {
    if (value === "1mo") return { ms: MONTH_MS, isCalendarMonth: true };
    const ms = parseQuantity(value, WITHOUT_MONTHS);
    return ms !== undefined && ms > 0 && ms <= PERIOD_MAX_MS
      ? { ms, isCalendarMonth: false }
      : undefined;
  };
  const expected = "a duration (ms s m h d) of at most 366d, such as 10s, 1m or 1d, or 1mo";
  const pattern = `${quantityPattern(WITHOUT_MONTHS)}|^1mo$`;
  return leaf({ expected, read, json: { type: ["number", "string"], pattern } });
}
