/** Names: what upstreams, tiers, tenants and aliases may be called. */

export interface NameRule {
  readonly pattern: RegExp;
  readonly expected: string;
}

/** First parts of the gateway's own paths, which an upstream's name would hide (CONTRACTS: Routes). */
export const RESERVED_UPSTREAMS: readonly string[] = [
  "health",
  "metrics",
  "dashboard",
  "admin",
  "sluice",
  "v1",
];

export const UPSTREAM_NAME: NameRule = {
  pattern: new RegExp(`^(?!(?:${RESERVED_UPSTREAMS.join("|")})$)[a-z0-9-]{1,40}$`),
  expected: `1 to 40 of a-z 0-9 - and none of ${RESERVED_UPSTREAMS.join(", ")}`,
};

/** Tiers, task types and credentials: they stand in headers, metrics and Redis keys. */
export const LABEL: NameRule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  expected: "1 to 64 letters, digits or . _ - (starting with a letter or digit)",
};

export const TENANT_NAME: NameRule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$/,
  expected: "1 to 128 letters, digits or . _ : @ + - (starting with a letter or digit)",
};

/** Clients send it as their model. */
export const ALIAS_NAME: NameRule = {
  pattern: /^[!-~]{1,200}$/,
  expected: "1 to 200 visible ASCII characters",
};
