/** Identity: which tenant a request belongs to, and which of its credentials may travel on. */
import type { HeaderView } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import {
  type KeyHolder,
  requireOpen,
  type TenantDirectory,
  type TenantRecord,
} from "../policy/tenant-directory.ts";
import { CREDENTIAL_HEADERS, headerText } from "./headers.ts";

export interface Identity {
  readonly tenant: TenantRecord;
  /** Headers whose value is one of our keys: they never travel on. */
  readonly ownHeaders: ReadonlySet<string>;
  /** The client's own credential for the provider; null: it has none. */
  readonly clientCredential: string | null;
  /** When its key expires, microseconds since the epoch; Infinity: never. */
  readonly validUntil: number;
}

/**
 * Finds the tenant by key, by trusted header, or takes the default tenant where no keys exist.
 *
 * @throws SluiceError `unauthorized` when keys exist and the request brings none of them, `forbidden`
 * when the tenant is blocked.
 */
export function identify(
  headers: HeaderView,
  directory: TenantDirectory,
  trustHeaders: boolean,
): Identity {
  const ownHeaders = new Set<string>();
  let byKey: KeyHolder | null = null;
  let clientCredential: string | null = null;
  for (const name of CREDENTIAL_HEADERS) {
    const secret = secretIn(headers, name);
    if (secret === null) continue;
    const holder = directory.hasKeys ? directory.withKey(secret) : null;
    if (holder !== null) {
      byKey ??= holder;
      ownHeaders.add(name);
    } else if (name !== "x-sluice-key") clientCredential ??= secret;
  }
  const trusted = trustHeaders ? trustedTenant(headers, directory) : null;
  const tenant = trusted ?? byKey?.tenant ?? (directory.hasKeys ? null : directory.standard);
  if (tenant === null) {
    throw new SluiceError(
      "unauthorized",
      "no valid key: send yours as `authorization: Bearer ...`, `x-api-key` or `x-sluice-key`",
    );
  }
  requireOpen(tenant);
  const validUntil = byKey?.validUntil ?? Number.POSITIVE_INFINITY;
  return { tenant, ownHeaders, clientCredential, validUntil };
}

function trustedTenant(headers: HeaderView, directory: TenantDirectory): TenantRecord | null {
  const name = headerText(headers, "x-sluice-tenant");
  if (name === undefined || name === "") return null;
  return directory.named(name.slice(0, 200), headerText(headers, "x-sluice-tier") ?? null);
}

/** A bearer's token, or the value as it is: a password of another scheme is a credential too. */
function secretIn(headers: HeaderView, name: string): string | null {
  const value = headerText(headers, name);
  if (value === undefined || value === "") return null;
  if (name !== "authorization") return value;
  const [, token] = /^Bearer +(\S+)\s*$/i.exec(value) ?? [];
  return token ?? value;
}
