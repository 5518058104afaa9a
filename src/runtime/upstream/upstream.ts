/** Upstream: a configured account at a provider, its credentials, and the accounts its clients bring along. */
import type { UpstreamConfig } from "../../config/config.ts";
import type { BudgetOptions, LearnedLimit, LimitDifference } from "../../core/budget/options.ts";
import type { Clock } from "../../core/clock.ts";
import type { Dialect } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { dialectNamed, generic } from "../../dialects/registry.ts";
import { Account, type AccountTenant } from "../account/account.ts";
import type { AccountPolicy } from "../policy/bands.ts";
import { keyHash, type TenantRecord } from "../policy/tenant-directory.ts";

/** Accounts that clients brought by their own credentials; idle ones beyond it are forgotten. */
const REMEMBERED_ACCOUNTS = 1_000;

/** `..` between encoded slashes: we leave them alone, but servers that decode first would go up by them. */
const HIDDEN_STEP = /(?:^|\/|%2f|%5c)(?:\.|%2e){2}(?:$|\/|%2f|%5c)/i;

export interface UpstreamMeans {
  readonly clock: Clock;
  readonly initialShare: number;
  readonly onTenantFreed: (tenantId: string) => void;
  readonly tenantNow: (tenant: AccountTenant) => AccountTenant;
  /** The same in the accounts' shadows. */
  readonly onTwinTenantFreed: (tenantId: string) => void;
  /** Headers told limits that were not known. */
  readonly onLearned: (upstream: string, limits: readonly LearnedLimit[]) => void;
  /** Headers told that configured limits are lower. */
  readonly onDifferences: (upstream: string, differences: readonly LimitDifference[]) => void;
}

/** Addresses that were checked once; clients choose paths, so there is a bound. */
const REMEMBERED_ADDRESSES = 1_000;
const LONGEST_REMEMBERED_PATH = 200;

/** Where a request goes. */
export interface Address {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly pathname: string;
  /** With the query. */
  readonly path: string;
}

export interface ChosenCredential {
  readonly name: string;
  readonly project: string | null;
  readonly apiKey: string;
}

export class Upstream {
  readonly #means: UpstreamMeans;
  readonly #shared: Account;
  readonly #byClient = new Map<string, Account>();
  readonly #twins = new Map<Account, Account>();
  #config: UpstreamConfig;
  #policy: AccountPolicy;
  #dialect: Dialect;
  #countsMoney: boolean;
  #base: URL;
  #basePath: string;
  readonly #addresses = new Map<string, Address>();
  readonly #added = new Map<string | null, Readonly<Record<string, string>>>();

  constructor(config: UpstreamConfig, policy: AccountPolicy, means: UpstreamMeans) {
    this.#means = means;
    this.#config = config;
    this.#policy = policy;
    this.#dialect = dialectNamed(config.dialect) ?? generic;
    this.#countsMoney = hasMoneyLimit(config);
    this.#base = new URL(config.baseUrl);
    this.#basePath = this.#base.pathname.replace(/\/+$/, "");
    this.#shared = this.#createAccount();
  }

  get config(): UpstreamConfig {
    return this.#config;
  }

  get name(): string {
    return this.#config.name;
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  /** One of its limits is of money. */
  get countsMoney(): boolean {
    return this.#countsMoney;
  }

  get accounts(): readonly Account[] {
    return [this.#shared, ...this.#byClient.values()];
  }

  /** The account whose limits the configuration speaks of; clients with credentials of their own have others. */
  get shared(): Account {
    return this.#shared;
  }

  /** The first credential that the tenant may use; null: the upstream has none, the client's is passed on. */
  credentialFor(tenant: TenantRecord): ChosenCredential | null {
    const { credentials } = this.#config;
    if (credentials.length === 0) return null;
    const allowed = credentials.find(
      ({ name }) => tenant.credentials === null || tenant.credentials.includes(name),
    );
    if (allowed === undefined) {
      throw new SluiceError(
        "forbidden",
        `tenant ${tenant.id} may use no credential of ${this.name}`,
      );
    }
    return allowed;
  }

  /** Our own account, or the one that the client's credential belongs to: each has its own budget. */
  accountFor(clientCredential: string | null): Account {
    if (this.#config.credentials.length > 0 || clientCredential === null) return this.#shared;
    const key = keyHash(clientCredential);
    const known = this.#byClient.get(key);
    if (known) return known;
    if (this.#byClient.size >= REMEMBERED_ACCOUNTS) this.#forgetIdle();
    const account = this.#createAccount();
    this.#byClient.set(key, account);
    return account;
  }

  get twins(): readonly Account[] {
    return [...this.#twins.values()];
  }

  /** An account's shadow: the same limits, with levels and a queue of its own. */
  twinOf(account: Account): Account {
    const known = this.#twins.get(account);
    if (known) return known;
    const twin = this.#createTwin();
    if (account.learned.length > 0) twin.learn(account.learned);
    this.#twins.set(account, twin);
    return twin;
  }

  /**
   * The address of a path (with its query) below the base URL; a doubled `/v1` is dropped.
   *
   * @throws SluiceError `invalid_request` when the path would leave the base URL.
   */
  addressOf(path: string): Address {
    const known = this.#addresses.get(path);
    if (known) return known;
    const { origin, pathname, search } = this.#urlOf(path);
    const address = { origin, pathname, path: pathname + search };
    // Paths with a query are hardly ever asked for twice.
    if (search === "" && path.length < LONGEST_REMEMBERED_PATH) this.#remember(path, address);
    return address;
  }

  #remember(path: string, address: Address): void {
    if (this.#addresses.size >= REMEMBERED_ADDRESSES) this.#addresses.clear();
    this.#addresses.set(path, address);
  }

  #urlOf(path: string): URL {
    const base = this.#basePath;
    const rest = base.endsWith("/v1") && /^\/v1(?=[/?]|$)/.test(path) ? path.slice(3) : path;
    const url = new URL(this.#base.origin + base + rest);
    const isBelow = url.pathname === base || url.pathname.startsWith(`${base}/`);
    const isOurs = url.origin === this.#base.origin && url.username === "";
    if (!isOurs || !isBelow || HIDDEN_STEP.test(url.pathname)) {
      throw new SluiceError("invalid_request", "the path leaves the upstream's base URL");
    }
    return url;
  }

  /** Headers of the configuration, and the credential in the form that the provider wants. */
  addedHeaders(credential: ChosenCredential | null): Readonly<Record<string, string>> {
    const name = credential?.name ?? null;
    const known = this.#added.get(name);
    if (known) return known;
    const added = this.#createAddedHeaders(credential);
    this.#added.set(name, added);
    return added;
  }

  #createAddedHeaders(credential: ChosenCredential | null): Record<string, string> {
    const added: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#config.headers))
      added[name.toLowerCase()] = value;
    if (credential === null) return added;
    const { auth } = this.#config;
    if (auth.kind === "header") added[auth.name.toLowerCase()] = credential.apiKey;
    else if (auth.kind === "bearer") added.authorization = `Bearer ${credential.apiKey}`;
    else {
      const { name, prefix } = this.#dialect.credentialHeader;
      added[name] = `${prefix}${credential.apiKey}`;
    }
    return added;
  }

  reconfigure(config: UpstreamConfig, policy: AccountPolicy): void {
    this.#config = config;
    this.#policy = policy;
    this.#dialect = dialectNamed(config.dialect) ?? generic;
    this.#countsMoney = hasMoneyLimit(config);
    this.#base = new URL(config.baseUrl);
    this.#basePath = this.#base.pathname.replace(/\/+$/, "");
    this.#addresses.clear();
    this.#added.clear();
    const rules = config.limits ?? [];
    for (const account of this.accounts) {
      account.reconfigure(rules, policy.scheduler, this.#budgetOptions);
    }
    for (const [account, twin] of this.#twins) {
      twin.reconfigure(rules, policy.scheduler, this.#twinOptions);
      twin.learn(account.learned);
    }
  }

  get #budgetOptions(): BudgetOptions {
    const { limits, adaptive } = this.#config;
    return { margin: this.#policy.margin, hasLimits: limits !== null, adaptive };
  }

  /** A twin sees no answers: what is learned it takes from its account. */
  get #twinOptions(): BudgetOptions {
    return { ...this.#budgetOptions, hasLimits: true };
  }

  #createAccount(): Account {
    const { clock, initialShare, onTenantFreed, tenantNow } = this.#means;
    const account: Account = new Account({
      rules: this.#config.limits ?? [],
      scheduler: this.#policy.scheduler,
      budget: this.#budgetOptions,
      clock,
      initialShare,
      onTenantFreed,
      tenantNow,
      onLearned: (limits) => {
        this.#means.onLearned(this.name, limits);
        this.#twins.get(account)?.learn(account.learned);
      },
      onDifferences: (differences) => this.#means.onDifferences(this.name, differences),
    });
    return account;
  }

  #createTwin(): Account {
    const { clock, initialShare, onTwinTenantFreed: onTenantFreed } = this.#means;
    return new Account({
      rules: this.#config.limits ?? [],
      scheduler: this.#policy.scheduler,
      budget: this.#twinOptions,
      clock,
      initialShare,
      onTenantFreed,
      tenantNow: (tenant) => tenant,
      onLearned: () => {},
      onDifferences: () => {},
    });
  }

  #forgetIdle(): void {
    for (const [key, account] of this.#byClient) {
      if (!account.isIdle) continue;
      this.#byClient.delete(key);
      this.#twins.get(account)?.close();
      this.#twins.delete(account);
    }
    if (this.#byClient.size >= REMEMBERED_ACCOUNTS) {
      throw new SluiceError("queue_full", `too many accounts are in use at ${this.name}`);
    }
  }
}

function hasMoneyLimit({ limits }: UpstreamConfig): boolean {
  return (limits ?? []).some(({ dimension }) => dimension === "usd");
}
