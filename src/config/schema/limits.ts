/** Limits: an upstream's limits in their short and general forms. */
import { z } from "zod";
import { period, timeOfDay, timeZone } from "./formats.ts";
import { listOf, strict } from "./leaf.ts";
import { choice, count, flag, positive, text } from "./scalars.ts";

const windowed = {
  amount: count().describe("How much fits into one window"),
  per: period().describe("Length of the window"),
  window: choice(["bucket", "sliding", "fixed"])
    .prefault("bucket")
    .describe("bucket refills steadily, sliding looks back, fixed resets at its end"),
  resets_at: timeOfDay().optional().describe("When a fixed window of days resets; absent: 00:00"),
  time_zone: timeZone().optional().describe("Of resets_at; absent: UTC"),
};

const rule = () => strict(windowed).optional();
const units = strict({
  name: text("1 to 40 of a-z 0-9 _ -", /^[a-z0-9_-]{1,40}$/).describe("What is counted"),
  ...windowed,
});
const amount = () => count().optional();

const glob = () => text("a model or glob");
const globs = listOf(glob(), "models or globs").min(1, { error: "at least one model or glob" });
const model = z.union([glob(), globs], { error: "a model or glob, or a list of them" });

/** Fields that say what is counted; at least one of them makes a limit. */
const amounts = {
  rpm: amount().describe("Requests a minute"),
  rpd: amount().describe("Requests a day"),
  tpm: amount().describe("Tokens a minute"),
  tpd: amount().describe("Tokens a day"),
  itpm: amount().describe("Input tokens a minute"),
  otpm: amount().describe("Output tokens a minute"),
  max_parallel_requests: amount().describe("Requests that may run at once"),
  usd_per_day: positive().optional().describe("Money a day"),
  requests: rule().describe("Requests in a window of your own"),
  tokens: rule().describe("Tokens in a window of your own"),
  input_tokens: rule().describe("Input tokens in a window of your own"),
  output_tokens: rule().describe("Output tokens in a window of your own"),
  units: units.optional().describe("What the platform counts itself: records, points"),
};

export const AMOUNT_FIELDS: readonly string[] = Object.keys(amounts);

export const limit = strict({
  model: model.optional().describe("Model as sent upstream: a name, a glob, or a list of them"),
  project: text("a credential's project").optional().describe("Counts over one project"),
  key: text("a credential's name").optional().describe("Counts over one credential"),
  each: flag().prefault(false).describe("One meter for each model instead of one for all"),
  ...amounts,
});
