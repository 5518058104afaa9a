/** Create authorizer: the credential of an upstream's `auth`, where a fixed header does not do. */
import type { UpstreamConfig } from "../../config/config.ts";
import type { Authorizer } from "./authorizer.ts";
import { AwsSignature } from "./aws-signature.ts";
import type { Grant } from "./grant.ts";
import { OAuth2Grant } from "./oauth2-grant.ts";
import { type RenewalMeans, renew } from "./renewal.ts";
import { RenewedToken, type RenewedTokenOptions } from "./renewed-token.ts";
import { ServiceAccountGrant } from "./service-account-grant.ts";

export interface CredentialMeans
  extends RenewalMeans,
    Pick<RenewedTokenOptions, "closing" | "mostWaiting"> {
  /** The machine's wall time, which a suspended machine's monotonic clock falls behind: providers compare with theirs. */
  readonly wallMs: () => number;
  readonly onFailed: (upstream: string, message: string) => void;
}

/** Null: the credential is fixed, or the client's own. */
export function createAuthorizer(
  { name, auth, credentials }: UpstreamConfig,
  means: CredentialMeans,
): Authorizer | null {
  if (credentials.length === 0) return null;
  switch (auth.kind) {
    case "oauth2":
      return renewed(name, new OAuth2Grant(auth), means);
    case "google-service-account":
      return renewed(name, new ServiceAccountGrant(auth.account, auth.scopes, means.wallMs), means);
    case "aws-sigv4":
      return new AwsSignature(auth, means.wallMs);
    default:
      return null;
  }
}

function renewed(upstream: string, grant: Grant, means: CredentialMeans): Authorizer {
  const { clock, closing, mostWaiting, onFailed } = means;
  return new RenewedToken({
    upstream,
    clock,
    closing,
    mostWaiting,
    renew: (signal) => renew(grant, means, signal),
    onFailed: (message) => onFailed(upstream, message),
  });
}
