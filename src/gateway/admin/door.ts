/**
 * Door: who may use the admin API. By the token as a bearer, by the cookie of a browser that has
 * signed in, or, where there is no token, under a loopback name only.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { HeaderView, JsonObject } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { headerText } from "../../runtime/request/headers.ts";
import type { RequestContext } from "../request-context.ts";
import { AttemptGuard } from "./attempts.ts";
import { SESSION_SECONDS, Sessions } from "./sessions.ts";

/** For the audit log. */
export type Admitted = "token" | "cookie" | "loopback";

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const COOKIE = "sluice_admin";
/** The dashboard lives elsewhere, but asks here. */
const COOKIE_PATH = "/admin";

export class AdminDoor {
  readonly #token: () => string;
  readonly #sessions = new Sessions();
  readonly #attempts = new AttemptGuard();
  #tokenOfSessions: string;

  constructor(token: () => string) {
    this.#token = token;
    this.#tokenOfSessions = token();
  }

  /** @throws SluiceError, as a rejection: `unauthorized`, `forbidden`. */
  async admit(context: RequestContext): Promise<Admitted> {
    const { headers, method } = context;
    const token = this.#current();
    this.#checkHost(headers, token);
    const bearer = bearerIn(headers);
    const session = cookieIn(headers);
    const isCookie = bearer === null && session !== null && this.#sessions.isOpen(session);
    if (isWrite(method)) checkOrigin(headers, isCookie);
    if (token === "") return "loopback";
    if (isCookie) return "cookie";
    await this.#compare(context, bearer, token);
    return "token";
  }

  /** The cookie's header for whoever knows the token; null: none is needed. */
  async signIn(context: RequestContext, { token: given }: JsonObject): Promise<string | null> {
    const token = this.#current();
    this.#checkHost(context.headers, token);
    checkOrigin(context.headers, false);
    if (token === "") return null;
    await this.#compare(context, typeof given === "string" ? given : null, token);
    const isSecure = headerText(context.headers, "origin")?.startsWith("https:") === true;
    return cookieOf(this.#sessions.begin(), SESSION_SECONDS, isSecure);
  }

  /** The header that takes the cookie away. */
  signOut({ headers }: RequestContext): string {
    const session = cookieIn(headers);
    if (session !== null) this.#sessions.end(session);
    return cookieOf("", 0, false);
  }

  /** Hashes of equal length, so that comparing takes the same time whatever differs. */
  async #compare({ message, response }: RequestContext, given: string | null, token: string) {
    const address = message.socket.remoteAddress ?? "";
    const isSeen = given !== null && this.#attempts.isOpenTo(address);
    if (isSeen && timingSafeEqual(digest(given), digest(token))) {
      this.#attempts.succeeded(address);
      return;
    }
    if (isSeen) {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      await this.#attempts.hold(address, gone.signal);
    }
    throw new SluiceError("unauthorized", "this needs the admin token as a bearer token");
  }

  /** A page that a browser was lured to cannot ask under a loopback name (DNS rebinding). */
  #checkHost(headers: HeaderView, token: string): void {
    const host = headerText(headers, "host") ?? "";
    if (token === "" ? LOOPBACK_HOST.test(host) : HOST.test(host)) return;
    const why =
      token === ""
        ? "without an admin token this is open on loopback names only"
        : "the host header is not the name of a host";
    throw new SluiceError("forbidden", why);
  }

  #current(): string {
    const token = this.#token();
    if (token !== this.#tokenOfSessions) this.#sessions.endAll();
    this.#tokenOfSessions = token;
    return token;
  }
}

function isWrite(method: string): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** Browsers say where a write comes from; other clients say nothing, but they have no cookie either. */
function checkOrigin(headers: HeaderView, isCookie: boolean): void {
  const origin = headerText(headers, "origin");
  if (origin === undefined && !isCookie) return;
  const host = URL.parse(origin ?? "")?.host;
  if (host !== undefined && host === hostOf(headers)) return;
  throw new SluiceError("forbidden", "writes are taken from pages of this host only");
}

/** As `URL` writes it: without a port that is usual. */
function hostOf(headers: HeaderView): string | undefined {
  const host = (headerText(headers, "host") ?? "").toLowerCase();
  const origin = headerText(headers, "origin") ?? "";
  return URL.parse(`${origin.startsWith("https:") ? "https" : "http"}://${host}`)?.host;
}

function bearerIn(headers: HeaderView): string | null {
  const [, token] = /^Bearer +(\S+)$/i.exec(headerText(headers, "authorization") ?? "") ?? [];
  return token ?? null;
}

function cookieIn(headers: HeaderView): string | null {
  const cookies = (headerText(headers, "cookie") ?? "").split(";");
  const found = cookies.map((one) => one.trim()).find((one) => one.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? null;
}

function cookieOf(value: string, seconds: number, isSecure: boolean): string {
  const secure = isSecure ? "; Secure" : "";
  return `${COOKIE}=${value}; Path=${COOKIE_PATH}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
