/** Base URL: the address below which an upstream's paths lie, and no others. */
import { DATA_CENTRE, DATA_CENTRE_FORM, dataCentreOf } from "../../config/data-centre.ts";
import type { Dialect } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { nameOf } from "./fixed-credential.ts";
import { readablePath } from "./readable-path.ts";

/** Where a request goes. */
export interface Address {
  /** Scheme, host and port. */
  readonly origin: string;
  /** To be read: what needs no encoding is decoded, as most servers do before they choose a route. */
  readonly pathname: string;
  /** With the query, as it is sent. */
  readonly path: string;
}

/** An address that lies below a base URL. */
export interface Below {
  /** Path and query from there on. */
  readonly rest: string;
  /** Characters of the address that are the base. */
  readonly length: number;
}

/** Addresses that were checked once; clients choose paths, so there is a bound. */
const REMEMBERED_ADDRESSES = 1_000;
const LONGEST_REMEMBERED_PATH = 200;

/** `..` between encoded slashes: we leave them alone, but servers that decode first would go up by them. */
const HIDDEN_STEP = /(?:^|\/|%2f|%5c)(?:\.|%2e){2}(?:$|\/|%2f|%5c)/i;

/** Below these a client's `/v1` is doubled, or has no place: Azure's deployments have versions of their own. */
const VERSIONED = /\/v1$|\/openai\/deployments\/[^/]+$/;

export class BaseUrl {
  /** With `{dc}`, without the query. */
  readonly #template: string;
  readonly #needsDataCentre: boolean;
  /** `name=value`, as written. */
  readonly #query: readonly string[];
  readonly #dialect: Dialect;
  readonly #bases = new Map<string, Base>();
  readonly #addresses = new Map<string, Address>();
  readonly #pattern: RegExp;

  /** `text` without a trailing slash; it may hold `{dc}` and a query. */
  constructor(text: string, dialect: Dialect) {
    const [template] = text.split("?", 1);
    const query = text.slice(template.length + 1);
    this.#template = template;
    this.#needsDataCentre = template.includes(DATA_CENTRE);
    this.#query = query.split("&").filter((pair) => pair !== "");
    this.#dialect = dialect;
    this.#pattern = patternOf(template);
  }

  /**
   * The address of a path (with its query); a doubled `/v1` is dropped, and parameters that the
   * base URL or the dialect has are added where the path has none of that name. `key` may name the data centre.
   *
   * @throws SluiceError `invalid_request` when the path would leave the base URL, or no data centre is named.
   */
  addressOf(path: string, key: string): Address {
    const centre = this.#needsDataCentre ? centreIn(key) : "";
    const name = this.#needsDataCentre ? `${centre} ${path}` : path;
    const known = this.#addresses.get(name);
    if (known) return known;
    const { origin, pathname: sent, search } = urlBelow(this.#baseAt(centre), path);
    const pathname = readablePath(sent);
    const address = { origin, pathname, path: sent + this.#completed(pathname, search) };
    // Paths with a query are hardly ever asked for twice.
    if (search === "" && path.length < LONGEST_REMEMBERED_PATH) {
      remember(this.#addresses, name, address);
    }
    return address;
  }

  /** Null: the address is not below this one. */
  below(url: string): Below | null {
    const length = this.#pattern.exec(url)?.[0].length;
    if (length === undefined || !/^(?:$|[/?#])/.test(url.slice(length))) return null;
    return { rest: url.slice(length).split("#")[0], length };
  }

  #baseAt(centre: string): Base {
    const known = this.#bases.get(centre);
    if (known) return known;
    const url = new URL(this.#template.replaceAll(DATA_CENTRE, centre));
    const path = url.pathname.replace(/\/+$/, "");
    const base = { origin: url.origin, path, isVersioned: VERSIONED.test(path) };
    remember(this.#bases, centre, base);
    return base;
  }

  #completed(pathname: string, search: string): string {
    const fromDialect = this.#dialect.defaultQuery?.(pathname) ?? null;
    if (this.#query.length === 0 && fromDialect === null) return search;
    const pairs = search
      .slice(1)
      .split("&")
      .filter((pair) => pair !== "");
    for (const pair of fromDialect === null ? this.#query : [...this.#query, fromDialect]) {
      if (!pairs.some((one) => nameOf(one) === nameOf(pair))) pairs.push(pair);
    }
    return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
  }
}

interface Base {
  readonly origin: string;
  readonly path: string;
  readonly isVersioned: boolean;
}

function remember<T>(known: Map<string, T>, name: string, value: T): void {
  if (known.size >= REMEMBERED_ADDRESSES) known.clear();
  known.set(name, value);
}

function urlBelow(base: Base, path: string): URL {
  const rest = base.isVersioned && /^\/v1(?=[/?]|$)/.test(path) ? path.slice(3) : path;
  const url = new URL(base.origin + base.path + rest);
  const isBelow = url.pathname === base.path || url.pathname.startsWith(`${base.path}/`);
  const isOurs = url.origin === base.origin && url.username === "";
  if (!isOurs || !isBelow || HIDDEN_STEP.test(url.pathname)) {
    throw new SluiceError("invalid_request", "the path leaves the upstream's base URL");
  }
  return url;
}

/** The suffix of the key; of HTTP basic that of the password. */
function centreIn(key: string): string {
  const [, encoded] = /^Basic +(\S+)$/i.exec(key) ?? [];
  const plain = encoded === undefined ? key : Buffer.from(encoded, "base64").toString("utf8");
  const centre = dataCentreOf(plain.trim());
  if (centre !== null) return centre;
  throw new SluiceError(
    "invalid_request",
    "the credential names no data centre, such as -us21 at its end, which the upstream's base_url needs",
  );
}

/** An address without the data centre is ours too: we know which one is meant. */
function patternOf(template: string): RegExp {
  const literal = template.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const placeholder = DATA_CENTRE.replace(/[{}]/g, "\\$&");
  const hosted = literal.replace(`//${placeholder}\\.`, `//(?:${DATA_CENTRE_FORM}\\.)?`);
  return new RegExp(`^${hosted.replaceAll(placeholder, DATA_CENTRE_FORM)}`);
}
