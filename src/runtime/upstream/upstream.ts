/** Upstream: a configured account at a provider, its credentials, and the accounts its clients bring along. */
import { isDeepStrictEqual } from "node:util";
import type { UpstreamConfig } from "../../config/config.ts";
import type { BudgetOptions, LearnedLimit, LimitDifference } from "../../core/budget/options.ts";
import type { Clock } from "../../core/clock.ts";
import type { Dialect } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { dialectNamed, generic } from "../../dialects/registry.ts";
import { Account, type AccountOptions } from "../account/account.ts";
import type { AccountTenant } from "../account/ask.ts";
import { SharedTurns } from "../account/shared/shared-turns.ts";
import type { Authorizer } from "../credential/authorizer.ts";
import { type CredentialMeans, createAuthorizer } from "../credential/create-authorizer.ts";
import type { HealthWatch } from "../health-watch.ts";
import type { AccountPolicy } from "../policy/bands.ts";
import { keyHash, type TenantRecord } from "../policy/tenant-directory.ts";
import type { SharedStore } from "../shared-store.ts";
import { type Address, BaseUrl, type Below } from "./base-url.ts";
import { addedHeaders, type ChosenCredential, keyOf, pathWith } from "./fixed-credential.ts";

/** Accounts that clients brought by their own credentials; idle ones beyond it are forgotten. */
const REMEMBERED_ACCOUNTS = 1_000;

export interface UpstreamMeans {
  readonly clock: Clock;
  readonly initialShare: number;
  readonly credentials: CredentialMeans;
  readonly onTenantFreed: (tenantId: string) => void;
  readonly tenantNow: (tenant: AccountTenant) => AccountTenant;
  /** The same in the accounts' shadows. */
  readonly onTwinTenantFreed: (tenantId: string) => void;
  /** Headers told limits that were not known. */
  readonly onLearned: (upstream: string, limits: readonly LearnedLimit[]) => void;
  /** Headers told that configured limits are lower. */
  readonly onDifferences: (upstream: string, differences: readonly LimitDifference[]) => void;
  readonly health: HealthWatch;
  /** By what other instances share its accounts; null: they are of this process alone. */
  readonly store: SharedStore | null;
}

export class Upstream {
  readonly #means: UpstreamMeans;
  readonly #shared: Account;
  readonly #byClient = new Map<string, Account>();
  readonly #twins = new Map<Account, Account>();
  #config: UpstreamConfig;
  #policy: AccountPolicy;
  #dialect: Dialect;
  #baseUrl: BaseUrl;
  #authorizer: Authorizer | null;
  #countsMoney: boolean;
  readonly #added = new Map<string | null, Readonly<Record<string, string>>>();

  constructor(config: UpstreamConfig, policy: AccountPolicy, means: UpstreamMeans) {
    this.#means = means;
    this.#config = config;
    this.#policy = policy;
    this.#dialect = dialectNamed(config.dialect) ?? generic;
    this.#baseUrl = new BaseUrl(config.baseUrl, this.#dialect);
    this.#authorizer = createAuthorizer(config, means.credentials);
    this.#countsMoney = hasMoneyLimit(config);
    this.#shared = this.#createAccount(null);
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
    const account = this.#createAccount(key);
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
   * The address of a path (with its query) below the base URL, with the credential if it travels in the query.
   *
   * @throws SluiceError `invalid_request` when the path would leave the base URL, or the key names no data centre.
   */
  addressOf(
    path: string,
    credential: ChosenCredential | null,
    clientCredential: string | null,
  ): Address {
    const { auth } = this.#config;
    const key = credential === null ? (clientCredential ?? "") : keyOf(auth, credential);
    const address = this.#baseUrl.addressOf(path, key);
    if (credential === null) return address;
    return { ...address, path: pathWith(address.path, auth, this.#dialect, credential) };
  }

  /** What of an address is below the base URL, and how much of it the base is; null: it is not ours. */
  below(url: string): Below | null {
    return this.#baseUrl.below(url);
  }

  /** Requests need their whole body at hand. */
  get signsBodies(): boolean {
    return this.#authorizer?.signsBody ?? false;
  }

  /** What a request needs when it is sent; null: nothing, its headers hold all. */
  authorizerFor(credential: ChosenCredential | null): Authorizer | null {
    return credential === null ? null : this.#authorizer;
  }

  /** Headers of the configuration, and the credential in the form that the provider wants. */
  addedHeaders(credential: ChosenCredential | null): Readonly<Record<string, string>> {
    const name = credential?.name ?? null;
    const known = this.#added.get(name);
    if (known) return known;
    const added = addedHeaders(this.#config, this.#dialect, credential);
    this.#added.set(name, added);
    return added;
  }

  reconfigure(config: UpstreamConfig, policy: AccountPolicy): void {
    // A token that is still good outlives the reload, and so does a refresh token that was replaced.
    if (!isDeepStrictEqual(credentialsIn(config), credentialsIn(this.#config))) {
      this.#authorizer = createAuthorizer(config, this.#means.credentials);
    }
    this.#config = config;
    this.#policy = policy;
    this.#dialect = dialectNamed(config.dialect) ?? generic;
    this.#baseUrl = new BaseUrl(config.baseUrl, this.#dialect);
    this.#countsMoney = hasMoneyLimit(config);
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
    const { margin, breaker } = this.#policy;
    return { margin, hasLimits: limits !== null, adaptive, breaker };
  }

  /** A twin sees no answers: what is learned it takes from its account. */
  get #twinOptions(): BudgetOptions {
    return { ...this.#budgetOptions, hasLimits: true };
  }

  /** `client`: whose credential it belongs to, as a hash; null: the upstream's own. */
  #createAccount(client: string | null): Account {
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
      onBreaker: (change) => this.#means.health.breaker(this.name, change),
      onStopped: ({ credential, model }, reason) =>
        this.#means.health.stopped({
          upstream: this.name,
          credential: credential?.name ?? null,
          model: reason === "auth" ? model : null,
          reason,
        }),
      turns: this.#turnsOf(client),
    });
    return account;
  }

  #turnsOf(client: string | null): AccountOptions["turns"] {
    const { store, initialShare, tenantNow } = this.#means;
    if (store === null) return undefined;
    const share = store.shareOf(this.name, client);
    const { scheduler } = this.#policy;
    return (parts) => new SharedTurns(parts, { share, scheduler, initialShare, tenantNow });
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
      void account.close();
      void this.#twins.get(account)?.close();
      this.#twins.delete(account);
    }
    if (this.#byClient.size >= REMEMBERED_ACCOUNTS) {
      throw new SluiceError("queue_full", `too many accounts are in use at ${this.name}`);
    }
  }
}

function credentialsIn({ auth, credentials }: UpstreamConfig) {
  return { auth, credentials };
}

function hasMoneyLimit({ limits }: UpstreamConfig): boolean {
  return (limits ?? []).some(({ dimension }) => dimension === "usd");
}
