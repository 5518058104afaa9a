/** Slack: limits per method and workspace; errors under HTTP 200 as `ok: false` with one word. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

export const slack = platform({
  name: "slack",
  failsUnderSuccess: true,
  repeatablePosts: /\/[a-z.]{1,64}\.(?:list|info|history|replies|members)$/i,
  rules: {
    codes: codeTable({
      ratelimited: { class: "quota", dimension: "requests" },
      rate_limited: { class: "quota", dimension: "requests" },
      service_unavailable: "overload",
      internal_error: "transient",
      fatal_error: "transient",
      request_timeout: "timeout",
      not_authed: "auth",
      invalid_auth: "auth",
      account_inactive: "auth",
      token_expired: "auth",
      token_revoked: "auth",
      missing_scope: "auth",
      channel_not_found: "not_found",
    }),
    quotaDimension: "requests",
  },
});
