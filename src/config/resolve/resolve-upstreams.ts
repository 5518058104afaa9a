/** Resolve upstreams: credentials in one form, limits as rules. */
import type { AuthConfig, CandidateConfig, CredentialConfig, UpstreamConfig } from "../config.ts";
import type { CheckedConfig } from "../schema/config-schema.ts";
import { limitRules } from "./limit-rules.ts";

type CheckedUpstream = CheckedConfig["upstreams"][string];
type CheckedAuth = CheckedUpstream["auth"];

export function resolveUpstream(name: string, upstream: CheckedUpstream): UpstreamConfig {
  return {
    name,
    dialect: upstream.dialect,
    baseUrl: upstream.base_url,
    credentials: credentialsOf(upstream),
    auth: authOf(upstream.auth),
    limits: upstream.limits ? limitRules(name, upstream.limits) : null,
    headers: upstream.headers,
    retryUnsafe: upstream.retry_unsafe,
    adaptive: adaptiveOf(upstream.adaptive),
  };
}

/** An empty key means none: a variable that may be absent has an empty default. */
function credentialsOf({ credentials, api_key, auth }: CheckedUpstream): CredentialConfig[] {
  const short = api_key ?? (auth && "token" in auth ? auth.token : undefined);
  const listed = (credentials ?? []).map((credential) => ({
    name: credential.name,
    project: credential.project ?? null,
    apiKey: credential.api_key,
  }));
  const all = short ? [...listed, { name: "default", project: null, apiKey: short }] : listed;
  return all.filter(({ apiKey }) => apiKey !== "");
}

function authOf(auth: CheckedAuth): AuthConfig {
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
    case "oauth2": {
      const { kind, token_url: tokenUrl, client_id: clientId, scopes } = auth;
      return { kind, tokenUrl, clientId, clientSecret: auth.client_secret, scopes };
    }
    case "aws-sigv4": {
      const { kind, region, service, session_token: sessionToken = null } = auth;
      const keys = { accessKeyId: auth.access_key_id, secretAccessKey: auth.secret_access_key };
      return { kind, ...keys, sessionToken, region, service };
    }
    case "google-service-account":
      return { kind: auth.kind, keyFile: auth.key_file, scopes: auth.scopes };
  }
}

/** Defaults give way to what is written: `max: 5` alone must not start at 10. */
function adaptiveOf({ initial, min, max }: CheckedUpstream["adaptive"]) {
  const least = Math.min(min, max);
  return { initial: Math.min(Math.max(initial, least), max), min: least, max };
}

export function resolveCandidate(
  candidate: CheckedConfig["models"][string][number],
): CandidateConfig {
  const { upstream, model, quality = null, price } = candidate;
  if (price === undefined) return { upstream, model, quality, price: null };
  const { input, output, cached_input: cachedInput = input } = price;
  return { upstream, model, quality, price: { input, output, cachedInput } };
}
