/** Config: a configuration with everything decided: defaults filled, times in milliseconds, amounts as numbers. */
import type { Dimension } from "../core/demand.ts";
import type { Price } from "../core/quota/price.ts";
import type { QuotaName } from "../core/quota/quota-kind.ts";
import type { Fallback, LatencyClass, TrimTo } from "../core/task.ts";
import type { ListenAddress } from "./schema/formats.ts";
import type { Margin } from "./schema/policy.ts";

export type { ListenAddress, Margin };

/** Maps keep the order in which their entries were written. */
export interface Config {
  readonly server: ServerConfig;
  readonly store: StoreConfig;
  readonly policy: PolicyConfig;
  readonly defaults: { readonly tenant: string; readonly tier: string; readonly taskType: string };
  /** First served first; at least one. */
  readonly tiers: ReadonlyMap<string, TierConfig>;
  /** Holds `defaults.tenant` too, even if it was not written. */
  readonly tenants: ReadonlyMap<string, TenantConfig>;
  /** Holds `default` too, even if it was not written. */
  readonly taskTypes: ReadonlyMap<string, TaskTypeConfig>;
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  /** Aliases; candidates best first, at least one. */
  readonly models: ReadonlyMap<string, readonly CandidateConfig[]>;
  /** By model, over the shipped list prices. */
  readonly prices: ReadonlyMap<string, Price>;
  readonly retry: { readonly attempts: number; readonly budget: number; readonly baseMs: number };
  readonly breaker: BreakerConfig;
  readonly cache: CacheConfig;
  readonly classifier: ClassifierConfig;
  readonly alerts: AlertsConfig;
  readonly telemetry: { readonly maxTenants: number };
  readonly retention: RetentionConfig;
  readonly jobs: JobsConfig;
}

export interface ServerConfig {
  readonly listen: ListenAddress;
  readonly dataDir: string;
  /** Empty: none, which is allowed on loopback only. */
  readonly adminToken: string;
  readonly trustHeaders: boolean;
  readonly bodyMaxBytes: number;
  readonly headerMaxBytes: number;
  readonly connections: number;
  readonly timeouts: {
    readonly bodyMs: number;
    readonly firstByteMs: number;
    readonly upstreamMs: number;
    readonly drainMs: number;
  };
}

export type FailurePolicy = "safe-share" | "hold" | "refuse";

export type StoreConfig =
  | { readonly kind: "memory" }
  | {
      readonly kind: "redis";
      readonly url: string;
      readonly prefix: string;
      readonly domain: "per-upstream" | "single";
      readonly onLeaseLoss: "abort" | "continue";
      readonly onFailure: Readonly<Record<LatencyClass, FailurePolicy>>;
    };

export interface PolicyConfig {
  /** What makes strict bands, first compared first; what is absent acts by weight. */
  readonly order: readonly ("tier" | "latency")[];
  readonly batchLast: boolean;
  /** Shares, 0 for none; with the tiers' guarantees at most 0.5 in all. */
  readonly latencyGuarantee: Readonly<Record<LatencyClass, number>>;
  readonly holdback: number;
  readonly margin: Margin;
  readonly queue: { readonly maxWaiting: number; readonly maxBytes: number };
  readonly pressure: { readonly warn: number; readonly act: number };
  /** Of requests that do not say, nor their task type. */
  readonly trim: TrimTo;
  readonly shadow: boolean;
}

export interface TierConfig {
  readonly name: string;
  readonly weight: number;
  readonly maxWaitMs: number;
  readonly slo: { readonly waitMs: number; readonly target: number } | null;
  /** Least share of the budget while work waits; 0: none. */
  readonly guarantee: number;
  /** Largest share of the budget; 1: all. */
  readonly ceiling: number;
  /** Most urgent class that may be claimed; `real-time`: any. */
  readonly latencyMax: LatencyClass;
}

export interface TenantConfig {
  readonly name: string;
  readonly tier: string;
  /** Multiplies the tier's. */
  readonly weight: number;
  /** `sha256:` and 64 hexadecimal digits in lower case. */
  readonly keys: readonly string[];
  readonly quotas: readonly QuotaConfig[];
  /** Null: any number. */
  readonly maxParallelRequests: number | null;
  /** Models, aliases and globs it may use; null: all. */
  readonly models: readonly string[] | null;
  /** Names of the credentials it may use; null: all. */
  readonly credentials: readonly string[] | null;
  readonly latencyMax: LatencyClass;
}

/** Whole units, USD in dollars; in the window that its name says. */
export interface QuotaConfig {
  readonly name: QuotaName;
  readonly amount: number;
}

export interface TaskTypeConfig {
  readonly name: string;
  readonly latency: LatencyClass;
  /** Null: the tier's. */
  readonly maxWaitMs: number | null;
  /** Empty: refuse. */
  readonly fallback: readonly Fallback[];
  /** Null: the policy's. */
  readonly trim: TrimTo | null;
}

export interface UpstreamConfig {
  readonly name: string;
  /** One of the registry's names. */
  readonly dialect: string;
  /** Without a trailing slash; may hold `{dc}` and a query. */
  readonly baseUrl: string;
  /** Only those with a key, or the one of an `auth` that brings its own secrets; empty: the client's own credential is passed on. */
  readonly credentials: readonly CredentialConfig[];
  readonly auth: AuthConfig;
  /** Null: not configured, to be learned from headers. */
  readonly limits: readonly LimitRule[] | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryUnsafe: boolean;
  /** Requests a second when neither limits nor headers are known. */
  readonly adaptive: { readonly initial: number; readonly min: number; readonly max: number };
}

export interface CredentialConfig {
  readonly name: string;
  readonly project: string | null;
  /** Empty: `auth` brings the secrets. */
  readonly apiKey: string;
}

/** How a credential is sent. `dialect`: as the dialect does; tokens are among the credentials. */
export type AuthConfig =
  | { readonly kind: "dialect" }
  | { readonly kind: "bearer" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "query"; readonly name: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "oauth2";
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      /** Null: client credentials. */
      readonly refreshToken: string | null;
      readonly clientAuth: "body" | "basic";
      readonly scopes: readonly string[];
    }
  | {
      readonly kind: "aws-sigv4";
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | null;
      readonly region: string;
      readonly service: string;
    }
  | {
      readonly kind: "google-service-account";
      readonly account: ServiceAccount;
      /** At least one. */
      readonly scopes: readonly string[];
    };

/** What a Google service account's key file holds. */
export interface ServiceAccount {
  readonly clientEmail: string;
  /** PEM. */
  readonly privateKey: string;
  /** Null: untold. */
  readonly keyId: string | null;
  readonly tokenUrl: string;
}

/** One amount of one dimension in one window. */
export interface AmountRule {
  /** Where it was written, e.g. `upstreams.openai.limits[0].rpm`. */
  readonly field: string;
  readonly dimension: Dimension;
  /** Whole units; USD in dollars. */
  readonly amount: number;
  /** Length of the window; null: none, as for `concurrency`, whose `window` means nothing. */
  readonly perMs: number | null;
  readonly window: "bucket" | "sliding" | "fixed";
  /** A month of the calendar; `perMs` is 30 days then. */
  readonly isCalendarMonth: boolean;
  /** Minutes after midnight at which a fixed window resets; null: not a fixed window. */
  readonly resetsAt: number | null;
  /** IANA name; null: not a fixed window. */
  readonly timeZone: string | null;
}

export interface LimitRule extends AmountRule {
  readonly upstream: string;
  readonly selector: LimitSelector;
}

/** All null: the account. */
export interface LimitSelector {
  /** Globs on the model as sent upstream. */
  readonly models: readonly string[] | null;
  readonly project: string | null;
  /** A credential's name. */
  readonly key: string | null;
  /** One meter for each model instead of one for all. */
  readonly each: boolean;
}

export interface CandidateConfig {
  readonly upstream: string;
  readonly model: string;
  /** 0 to 1; null: unknown. */
  readonly quality: number | null;
  /** USD per million tokens; null: unknown. */
  readonly price: Price | null;
  /** The model's window, tokens; null: unknown. */
  readonly context: number | null;
}

export interface BreakerConfig {
  readonly failures: number;
  readonly rate: number;
  readonly windowMs: number;
  readonly openMs: number;
}

export interface CacheConfig {
  readonly mode: "off" | "fallback" | "always";
  readonly ttlMs: number;
  readonly maxBytes: number;
}

/** `rules`: the shipped ones. The bounds are for a classifier of one's own, wherever it is. */
export type ClassifierConfig = {
  readonly timeoutMs: number;
  readonly mostAtOnce: number;
} & (
  | { readonly kind: "rules" }
  | {
      readonly kind: "http";
      readonly url: string;
      /** Empty: none. */
      readonly token: string;
      readonly sendsPrompt: boolean;
    }
);

export interface AlertsConfig {
  readonly warn: number;
  readonly act: number;
  readonly rate429: number;
  /** Tier -> waiting requests. */
  readonly queueDepth: ReadonlyMap<string, number>;
  /** `secret` empty: unsigned. */
  readonly webhooks: readonly { readonly url: string; readonly secret: string }[];
}

export interface RetentionConfig {
  readonly jobsMs: number;
  readonly deadLettersMs: number;
  readonly cacheMs: number;
  readonly auditMs: number;
  readonly historyMs: number;
}

export interface JobsConfig {
  readonly kind: "embedded" | "bullmq";
  readonly maxWaiting: number;
  readonly attempts: number;
}
