/** Mailchimp: ten connections at once, no window, and nothing in headers. */

import { routesOf } from "../platform/endpoints.ts";
import { platformDialect } from "../platform/platform-dialect.ts";
import { MAILCHIMP_ENDPOINTS } from "./endpoints.ts";
import { mailchimpFailure } from "./failures.ts";

/** Any user, with the key as password. */
const BASIC = /^Basic\s+([A-Za-z0-9+/=]+)$/i;

export const mailchimpDialect = platformDialect({
  name: "mailchimp",
  meters: {},
  // mailchimp.com, fundamentals: "10 simultaneous connections", for all
  defaults: { max_parallel_requests: 10 },
  failureDemand: () => ({}),
  requestIdHeader: "x-request-id",
  route: routesOf(MAILCHIMP_ENDPOINTS),
  keyOf({ authorization = "" }) {
    const basic = BASIC.exec(String(authorization))?.[1];
    if (basic === undefined) return String(authorization).replace(/^Bearer\s+/i, "") || null;
    return Buffer.from(basic, "base64").toString().split(":").slice(1).join(":");
  },
  rateHeaders: () => ({}),
  failureReply: mailchimpFailure,
});
