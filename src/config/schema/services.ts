/** Services: retries, breaker, cache, classifier, alerts, telemetry, retention and jobs. */
import { z } from "zod";
import { callUrl } from "./formats.ts";
import { listOf, named, section, strict } from "./leaf.ts";
import {
  bytes,
  choice,
  count,
  duration,
  flag,
  fraction,
  secret,
  TEN_YEARS,
  text,
} from "./scalars.ts";

export const retry = section({
  attempts: count({ most: 100 }).prefault(3).describe("Tries of one request, the first included"),
  budget: fraction().prefault(0.2).describe("Retries as a share of calls"),
  base: duration().prefault("1s").describe("First backoff where the upstream names no wait"),
}).describe("Repeating failed calls");

export const breaker = section({
  failures: count().prefault(5).describe("Failures in a row that open it"),
  rate: fraction().prefault(0.5).describe("Share of failures that opens it"),
  window: duration().prefault("30s").describe("Time over which the share is taken"),
  open: duration().prefault("5s").describe("Time until the first probe"),
}).describe("Stops calls to a model or upstream that is unwell");

export const cache = section({
  mode: choice(["off", "fallback", "always"]).prefault("fallback").describe("When it answers"),
  ttl: duration({ most: TEN_YEARS }).prefault("10m").describe("Age of an answer that still serves"),
  max_bytes: bytes().prefault("64MiB").describe("Size of all answers"),
}).describe("Exact-match response cache, per tenant");

export const classifier = section({
  rules: choice(["default"]).optional().describe("The shipped rules"),
  url: callUrl().optional().describe("A classifier of your own, before the rules"),
  token: secret().prefault("").describe("Sent to url as a bearer token; empty: none"),
  prompt: flag()
    .prefault(false)
    .describe("Send url the beginning and end of the system prompt and of the last message"),
  timeout: duration().prefault("100ms").describe("Time it may take; then the rules decide"),
  max_parallel: count({ most: 1_000 })
    .prefault(32)
    .describe("Questions at the same time; the rules decide on the others"),
}).describe("Finds requests that a smaller model can serve");

const webhook = strict({
  url: callUrl().describe("Where alerts are posted"),
  secret: secret().prefault("").describe("Signs them; empty: unsigned"),
});

const webhooks = listOf(
  z.union([callUrl(), webhook], { error: "a URL, or a mapping of url and secret" }),
  "webhooks",
);

export const alerts = section({
  warn: fraction().prefault(0.8).describe("Pressure of a first alert"),
  act: fraction().prefault(0.9).describe("Pressure of a second alert"),
  rate_429: fraction().prefault(0.05).describe("Share of 429s that alerts"),
  queue_depth: named(count(), "numbers of waiting requests").describe(
    "Waiting requests that alert, by tier",
  ),
  webhooks: webhooks.prefault([]).describe("URLs, or mappings of url and secret"),
}).describe("When to alert, and whom");

export const telemetry = section({
  max_tenants: count().prefault(1_000).describe("Tenants with metrics of their own"),
}).describe("Bounds of metrics");

export const prices = text("a path")
  .optional()
  .describe("File of prices by model, over the shipped list prices");

const kept = () => duration({ most: TEN_YEARS });

export const retention = section({
  jobs: kept().prefault("7d").describe("Finished jobs"),
  dead_letters: kept().prefault("30d").describe("Jobs that failed for good"),
  cache: kept().prefault("1h").describe("Cached answers"),
  audit: kept().prefault("400d").describe("The audit log"),
  history: kept().prefault("90d").describe("Figures for reports"),
}).describe("How long each kind of data is kept");

export const jobs = section({
  kind: choice(["embedded", "bullmq"]).prefault("embedded").describe("SQLite, or BullMQ on Redis"),
  max_waiting: count().prefault(10_000).describe("Jobs that may wait"),
  attempts: count({ most: 100 }).prefault(3).describe("Tries until a job is a dead letter"),
}).describe("Durable bulk jobs");
