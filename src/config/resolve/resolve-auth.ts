/** Resolve auth: an upstream's credentials in one form, and how each is sent. */
import type { AuthConfig, CredentialConfig } from "../config.ts";
import type { CheckedConfig } from "../schema/config-schema.ts";
import type { KeyFiles } from "../source/key-files.ts";

type CheckedUpstream = CheckedConfig["upstreams"][string];
type CheckedAuth = NonNullable<CheckedUpstream["auth"]>;
type Checked<K extends CheckedAuth["kind"]> = Extract<CheckedAuth, { kind: K }>;

/** Google grants nothing without a scope. Its APIs take the cloud's, but for these. */
const CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const SCOPES: Readonly<Record<string, string>> = {
  ga4: "https://www.googleapis.com/auth/analytics.readonly",
  "google-ads": "https://www.googleapis.com/auth/adwords",
};

/** An empty key means none: a variable that may be absent has an empty default. */
export function credentialsOf({ credentials, api_key, auth }: CheckedUpstream): CredentialConfig[] {
  if (auth !== undefined && bringsSecrets(auth)) {
    return [{ name: "default", project: null, apiKey: "" }];
  }
  const short = api_key ?? (auth && "token" in auth ? auth.token : undefined);
  const listed = (credentials ?? []).map((credential) => ({
    name: credential.name,
    project: credential.project ?? null,
    apiKey: credential.api_key,
  }));
  const all = short ? [...listed, { name: "default", project: null, apiKey: short }] : listed;
  return all.filter(({ apiKey }) => apiKey !== "");
}

function bringsSecrets(auth: CheckedAuth): boolean {
  switch (auth.kind) {
    case "basic":
      return auth.username !== "" || auth.password !== "";
    case "oauth2":
      return auth.client_secret !== "" || Boolean(auth.refresh_token);
    case "aws-sigv4":
      return auth.access_key_id !== "" && auth.secret_access_key !== "";
    case "google-service-account":
      return true;
    default:
      return false;
  }
}

/** Without the secrets that it should bring, the client's own credential is passed on as the dialect does. */
export function resolveAuth(upstream: CheckedUpstream, keyFiles: KeyFiles): AuthConfig {
  const { auth, dialect } = upstream;
  switch (auth?.kind) {
    case undefined:
      return { kind: "dialect" };
    case "bearer":
      return { kind: "bearer" };
    case "header":
    case "query":
      return { kind: auth.kind, name: auth.name };
    case "basic":
      return auth;
    case "oauth2":
      return oauth2Of(auth);
    case "aws-sigv4":
      return awsOf(auth);
    case "google-service-account":
      return googleOf(auth, dialect, keyFiles);
  }
}

function oauth2Of(auth: Checked<"oauth2">): AuthConfig {
  return {
    kind: auth.kind,
    tokenUrl: auth.token_url,
    clientId: auth.client_id,
    clientSecret: auth.client_secret,
    refreshToken: auth.refresh_token || null,
    clientAuth: auth.client_auth,
    scopes: auth.scopes,
  };
}

function awsOf(auth: Checked<"aws-sigv4">): AuthConfig {
  return {
    kind: auth.kind,
    accessKeyId: auth.access_key_id,
    secretAccessKey: auth.secret_access_key,
    sessionToken: auth.session_token || null,
    region: auth.region,
    service: auth.service,
  };
}

function googleOf(
  { kind, key_file: keyFile, scopes }: Checked<"google-service-account">,
  dialect: string,
  keyFiles: KeyFiles,
): AuthConfig {
  const read = keyFiles.read(keyFile);
  // The check has read it before: its files are kept.
  if (!read.ok) throw new Error(`key_file: ${read.found}`);
  const wanted = scopes.length > 0 ? scopes : [SCOPES[dialect] ?? CLOUD_SCOPE];
  return { kind, account: read.account, scopes: wanted };
}
