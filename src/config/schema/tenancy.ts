/** Tenancy: tiers, tenants and task types. */
import { FALLBACKS, LATENCY_CLASSES } from "../../core/task.ts";
import { keyHash } from "./formats.ts";
import { listOf, named, section, strict } from "./leaf.ts";
import { trim } from "./policy.ts";
import { choice, count, duration, fraction, ONE_HOUR, positive, text } from "./scalars.ts";

export const defaults = section({
  tenant: text("a tenant's name").prefault("default").describe("Tenant of clients without a key"),
  tier: text("a tier's name")
    .optional()
    .describe("Tier of tenants that name none; absent: free, else the last one"),
  task_type: text("a task type's name").prefault("default").describe("Type of untyped tasks"),
}).describe("What applies where a request or tenant names nothing");

const maxWait = () => duration({ zero: true, most: ONE_HOUR });
const latencyMax = () =>
  choice(LATENCY_CLASSES)
    .prefault("real-time")
    .describe("Most urgent latency class that may be claimed; higher claims are lowered");

const slo = strict({
  wait: duration().describe("Objective for the wait"),
  target: fraction().describe("Share of tasks that shall meet it, such as 0.99"),
});

const tier = section({
  weight: positive().prefault(1).describe("Share inside a band, relative to other tiers"),
  max_wait: maxWait().prefault("60s").describe("Longest wait of tasks that name none"),
  slo: slo.optional().describe("Objective that is reported and alerted on"),
  guarantee: fraction(0.5).prefault(0).describe("Least share of the budget while work waits"),
  ceiling: fraction().prefault(1).describe("Largest share of the budget"),
  latency_max: latencyMax(),
});

export const tiers = named(tier, "tiers").describe("Commercial classes; first listed is first");

const quota = () => count().optional();

const quotas = section({
  tpd: quota().describe("Tokens a day"),
  rpd: quota().describe("Requests a day"),
  usd_per_day: positive().optional().describe("Money a day"),
  tokens_per_month: quota().describe("Tokens a calendar month"),
  requests_per_month: quota().describe("Requests a calendar month"),
  usd_per_month: positive().optional().describe("Money a calendar month"),
});

/** What a tenant may do; at run time its keys are made and kept apart from it. */
const settings = {
  tier: text("a tier's name").optional().describe("Its tier; absent: defaults.tier"),
  weight: positive().prefault(1).describe("Multiplies the tier's weight"),
  quotas: quotas.describe("Fixed windows in UTC"),
  max_parallel_requests: count().optional().describe("Requests that may run at once"),
  models: listOf(text("a model, alias or glob"), "models, aliases or globs")
    .optional()
    .describe("What it may use; absent: all"),
  credentials: listOf(text("a credential's name"), "names of credentials")
    .optional()
    .describe("Upstream credentials it may use; absent: all"),
  latency_max: latencyMax(),
};

const { tier: ofTier, weight, ...others } = settings;
const tenant = section({
  tier: ofTier,
  weight,
  keys: listOf(keyHash(), "key hashes").prefault([]).describe("Hashes of its keys"),
  ...others,
});

/** A tenant of the admin API. */
export const tenantSettings = strict(settings);

export const tenants = named(tenant, "tenants").describe("Customers, by name");

const taskType = section({
  latency: choice(LATENCY_CLASSES).prefault("near-real-time").describe("Latency class"),
  max_wait: maxWait().optional().describe("Longest wait; absent: the tier's"),
  fallback: listOf(choice(FALLBACKS), `any of ${FALLBACKS.join(", ")}`)
    .prefault([])
    .describe("Tried in this order when the wait would be too long; none: refuse"),
  trim: trim().optional().describe("As policy.trim, for this kind of work"),
});

export const taskTypes = named(taskType, "task types").describe("Kinds of work, by name");
