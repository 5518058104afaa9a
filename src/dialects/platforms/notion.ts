/** Notion: about three requests a second on average; 429 with Retry-After in seconds. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

export const notion = platform({
  name: "notion",
  repeatablePosts: /\/(?:search|query)\/?$/,
  rules: {
    codes: codeTable({
      rate_limited: { class: "quota", dimension: "requests" },
      conflict_error: "transient",
      service_unavailable: "overload",
      restricted_resource: "auth",
      object_not_found: "not_found",
    }),
    quotaDimension: "requests",
  },
});
