/** Marketo: errors under HTTP 200, each with a code; 100 calls in 20 seconds, ten at once, a daily allowance. */

import { recordsIn } from "../units/records.ts";
import type { OwnQuestion, OwnReading } from "../verdicts/verdict-rules.ts";
import { codeTable } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

/** `... exceeded with in '20' secs`: the window is the longest wait. */
const WINDOW = /rate limit \d{1,6} exceeded with ?in (\d{1,4}) secs?/;

export const marketo = platform({
  name: "marketo",
  failsUnderSuccess: true,
  repeatablePosts: /\/leads\.json$/,
  units: recordsIn("input"),
  rules: {
    own: window,
    codes: codeTable({
      "502": "transient",
      "601": "auth",
      "602": "auth",
      "603": "auth",
      "604": "timeout",
      "606": { class: "quota", dimension: "requests" },
      "607": { class: "quota", dimension: "requests_per_day" },
      "608": "overload",
      "610": "not_found",
      "611": "transient",
      "615": { class: "quota", dimension: "concurrency" },
      "713": "transient",
      "1029": { class: "quota", dimension: "concurrency" },
    }),
  },
});

function window({ facts }: OwnQuestion): OwnReading | null {
  const match = WINDOW.exec(facts.prose);
  return match === null ? null : { waitMs: Number(match[1]) * 1_000 };
}
