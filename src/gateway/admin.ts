/** Admin: what only an administrator may see, guarded by token and by the host it is asked under. */
import { createHash, timingSafeEqual } from "node:crypto";
import { SluiceError } from "../core/errors.ts";
import { headerText } from "../runtime/request/headers.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type RequestContext, sendJson } from "./request-context.ts";
import { stateOf } from "./state.ts";

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;

/** @throws SluiceError `unauthorized`, `forbidden`, `not_found`, `unsupported`. */
export function handleAdmin(context: RequestContext, runtime: Runtime): undefined {
  const { adminToken } = runtime.config.server;
  if (adminToken !== "") requireToken(context, adminToken);
  else requireLoopbackHost(context);
  if (context.path === "/admin/api/state" && context.method === "GET") {
    sendJson(context, 200, stateOf(runtime));
    return;
  }
  throw new SluiceError("unsupported", `${context.path} is not available in this release`);
}

/** Hashes of equal length, so that comparing takes the same time whatever differs. */
function requireToken({ headers }: RequestContext, token: string): void {
  const [, given] = /^Bearer +(\S+)$/i.exec(headerText(headers, "authorization") ?? "") ?? [];
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (given === undefined || !timingSafeEqual(digest(given), digest(token))) {
    throw new SluiceError("unauthorized", "this needs the admin token as a bearer token");
  }
}

/** A web page that a browser was lured to cannot ask under a loopback name (DNS rebinding). */
function requireLoopbackHost({ headers }: RequestContext): void {
  if (!LOOPBACK_HOST.test(headerText(headers, "host") ?? "")) {
    throw new SluiceError(
      "forbidden",
      "without an admin token this is open on loopback names only",
    );
  }
}
