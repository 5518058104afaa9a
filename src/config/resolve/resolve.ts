/** Resolve: a checked configuration as the program uses it, nothing optional, order kept. */
import type { AlertsConfig, Config, ServerConfig, StoreConfig } from "../config.ts";
import { DEFAULT_TASK_TYPE, DEFAULT_TIERS, defaultTier } from "../defaults.ts";
import type { Path } from "../problem.ts";
import { type CheckedConfig, configSchema } from "../schema/config-schema.ts";
import type { KeyFiles } from "../source/key-files.ts";
import { resolvePolicy, thresholds } from "./resolve-policy.ts";
import { resolveTaskType, resolveTenant, resolveTier } from "./resolve-tenancy.ts";
import { resolveCandidate, resolveUpstream } from "./resolve-upstreams.ts";

/** Tells the order in which the fields of a mapping were written. */
export type KeysOf = (path: Path) => readonly string[];

export function resolveConfig(
  checked: CheckedConfig,
  keysOf: KeysOf,
  keyFiles: KeyFiles,
  prices: Config["prices"],
): Config {
  const entries = <T>(name: string, record: Record<string, T>): [string, T][] =>
    keysOf([name]).map((key) => [key, record[key]]);
  const tiers = tiersOf(entries("tiers", checked.tiers));
  const tier = checked.defaults.tier ?? defaultTier([...tiers.keys()]);
  const { tenant, task_type: taskType } = checked.defaults;
  return {
    server: serverOf(checked.server),
    store: storeOf(checked.store),
    policy: resolvePolicy(checked.policy, tiers.values()),
    defaults: { tenant, tier, taskType },
    tiers,
    tenants: mapped(
      withEntry(entries("tenants", checked.tenants), "tenants", tenant),
      (name, value) => resolveTenant(name, value, tier),
    ),
    taskTypes: mapped(
      withEntry(entries("task_types", checked.task_types), "task_types", DEFAULT_TASK_TYPE),
      resolveTaskType,
    ),
    upstreams: mapped(entries("upstreams", checked.upstreams), (name, upstream) =>
      resolveUpstream(name, upstream, keyFiles),
    ),
    models: mapped(entries("models", checked.models), (_, list) => list.map(resolveCandidate)),
    prices,
    ...servicesOf(checked, keysOf),
  };
}

function mapped<T, R>(
  entries: readonly [string, T][],
  resolve: (name: string, value: T) => R,
): Map<string, R> {
  return new Map(entries.map(([name, value]) => [name, resolve(name, value)]));
}

/** The entries and, if it is not among them, one of defaults only. */
function withEntry<S extends "tenants" | "task_types">(
  entries: [string, CheckedConfig[S][string]][],
  section: S,
  name: string,
): [string, CheckedConfig[S][string]][] {
  if (entries.some(([existing]) => existing === name)) return entries;
  const [value] = Object.values(configSchema.parse({ [section]: { [name]: {} } })[section]);
  return [...entries, [name, value as CheckedConfig[S][string]]];
}

function tiersOf(entries: [string, CheckedConfig["tiers"][string]][]) {
  if (entries.length > 0) return mapped(entries, resolveTier);
  const { tiers } = configSchema.parse({ tiers: DEFAULT_TIERS });
  return mapped(Object.entries(tiers), resolveTier);
}

function serverOf(server: CheckedConfig["server"]): ServerConfig {
  const { body, first_byte: firstByteMs, upstream, drain } = server.timeouts;
  return {
    listen: server.listen,
    dataDir: server.data_dir,
    adminToken: server.admin_token,
    trustHeaders: server.trust_headers,
    bodyMaxBytes: server.body_max,
    headerMaxBytes: server.header_max,
    connections: server.connections,
    timeouts: { bodyMs: body, firstByteMs, upstreamMs: upstream, drainMs: drain },
  };
}

function storeOf(store: CheckedConfig["store"]): StoreConfig {
  if (store.kind === "memory") return { kind: "memory" };
  const { kind, url, prefix, domain, on_lease_loss: onLeaseLoss } = store;
  const { default: usual, batch = "hold" } = store.on_failure;
  const { "real-time": realTime = usual, "near-real-time": nearRealTime = usual } =
    store.on_failure;
  const onFailure = { "real-time": realTime, "near-real-time": nearRealTime, batch };
  return { kind, url, prefix, domain, onLeaseLoss, onFailure };
}

function servicesOf(checked: CheckedConfig, keysOf: KeysOf) {
  const { retry, breaker, cache, classifier, telemetry, retention, jobs } = checked;
  return {
    retry: { attempts: retry.attempts, budget: retry.budget, baseMs: retry.base },
    breaker: {
      failures: breaker.failures,
      rate: breaker.rate,
      windowMs: breaker.window,
      openMs: breaker.open,
    },
    cache: { mode: cache.mode, ttlMs: cache.ttl, maxBytes: cache.max_bytes },
    classifier: classifierOf(classifier),
    alerts: alertsOf(checked.alerts, keysOf),
    telemetry: { maxTenants: telemetry.max_tenants },
    retention: {
      jobsMs: retention.jobs,
      deadLettersMs: retention.dead_letters,
      cacheMs: retention.cache,
      auditMs: retention.audit,
      historyMs: retention.history,
    },
    jobs: { kind: jobs.kind, maxWaiting: jobs.max_waiting, attempts: jobs.attempts },
  };
}

function classifierOf(classifier: CheckedConfig["classifier"]): Config["classifier"] {
  const { url, token, prompt: sendsPrompt, timeout: timeoutMs } = classifier;
  const bounds = { timeoutMs, mostAtOnce: classifier.max_parallel };
  if (url === undefined) return { kind: "rules", ...bounds };
  return { kind: "http", url, token, sendsPrompt, ...bounds };
}

function alertsOf(alerts: CheckedConfig["alerts"], keysOf: KeysOf): AlertsConfig {
  const tiers = keysOf(["alerts", "queue_depth"]);
  return {
    ...thresholds(alerts),
    rate429: alerts.rate_429,
    queueDepth: new Map(tiers.map((tier) => [tier, alerts.queue_depth[tier]])),
    webhooks: alerts.webhooks.map((hook) =>
      typeof hook === "string" ? { url: hook, secret: "" } : hook,
    ),
  };
}
