/** Keys: what the tenant store calls its keys and channels; one hash tag for the directory, one for each tenant. */

export interface KeySpace {
  /** Starts every key. */
  readonly prefix: string;
  /** `single`: one hash tag for all. */
  readonly domain: "per-upstream" | "single";
}

export class TenantKeys {
  readonly #space: KeySpace;

  constructor(space: KeySpace) {
    this.#space = space;
  }

  /** In the order that `lua/apply.lua` takes them in. */
  get directory(): readonly string[] {
    return [this.records, this.names, this.facts, this.changes, this.audit, this.auditOf, this.due];
  }

  /** Tenants and raises by name, as JSON. */
  get records(): string {
    return this.#of("records");
  }

  /** Of tenants, in their order. */
  get names(): string {
    return this.#of("names");
  }

  /** Counters, and whether there has been a key. */
  get facts(): string {
    return this.#of("facts");
  }

  get changes(): string {
    return this.#of("changes");
  }

  get audit(): string {
    return this.#of("audit");
  }

  /** The audit log's entries by tenant. */
  get auditOf(): string {
    return this.#of("audit-of");
  }

  /** What has been decided here and is still to be done at the counts, which have tags of their own. */
  get due(): string {
    return this.#of("due");
  }

  /** Tenants whose use is counted. */
  get used(): string {
    return this.#of("used");
  }

  get changed(): string {
    return this.#of("changed");
  }

  /** Counts of one tenant. */
  tenant(id: string): string {
    const { prefix, domain } = this.#space;
    return domain === "single" ? `{${prefix}}:tenant:${id}` : `{${prefix}:tenant:${id}}`;
  }

  /** Followed by an instance's name. */
  get calls(): string {
    return this.#of("calls:");
  }

  #of(name: string): string {
    const { prefix, domain } = this.#space;
    return domain === "single" ? `{${prefix}}:tenants:${name}` : `{${prefix}:tenants}:${name}`;
  }
}
