/** Fixed credential: a key that stays as it is, in the header or query parameter where the provider looks for it. */
import type { AuthConfig, UpstreamConfig } from "../../config/config.ts";
import type { Dialect } from "../../core/dialect.ts";

export interface ChosenCredential {
  readonly name: string;
  readonly project: string | null;
  /** Empty: `auth` brings the secrets. */
  readonly apiKey: string;
}

/** Headers of the configuration, and the credential if it travels in one. */
export function addedHeaders(
  { headers, auth }: UpstreamConfig,
  dialect: Dialect,
  credential: ChosenCredential | null,
): Record<string, string> {
  const added: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) added[name.toLowerCase()] = value;
  const header = credential === null ? null : credentialHeader(auth, dialect, credential.apiKey);
  if (header !== null) added[header.name] = header.value;
  return added;
}

/** Null: it travels in the query, or is made when the request is sent. */
function credentialHeader(auth: AuthConfig, dialect: Dialect, apiKey: string) {
  switch (auth.kind) {
    case "dialect": {
      const { name, prefix } = dialect.credentialHeader;
      return { name, value: `${prefix}${apiKey}` };
    }
    case "bearer":
      return { name: "authorization", value: `Bearer ${apiKey}` };
    case "header":
      return { name: auth.name.toLowerCase(), value: apiKey };
    case "basic": {
      const pair = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
      return { name: "authorization", value: `Basic ${pair}` };
    }
    default:
      return null;
  }
}

/** The key whose suffix may name a data centre. */
export function keyOf(auth: AuthConfig, { apiKey }: ChosenCredential): string {
  return auth.kind === "basic" ? auth.password : apiKey;
}

/** A path with its query: with the credential if it travels there, and without the client's own beside ours. */
export function pathWith(
  path: string,
  auth: AuthConfig,
  { credentialQuery }: Dialect,
  { apiKey }: ChosenCredential,
): string {
  const own = credentialQuery === undefined ? path : withoutParameter(path, credentialQuery);
  if (auth.kind !== "query") return own;
  const others = withoutParameter(own, auth.name);
  const pair = `${encodeURIComponent(auth.name)}=${encodeURIComponent(apiKey)}`;
  return `${others}${others.includes("?") ? "&" : "?"}${pair}`;
}

function withoutParameter(path: string, name: string): string {
  const at = path.indexOf("?");
  if (at < 0) return path;
  const pairs = path.slice(at + 1).split("&");
  const kept = pairs.filter((pair) => pair !== "" && nameOf(pair) !== name);
  return kept.length === 0 ? path.slice(0, at) : `${path.slice(0, at)}?${kept.join("&")}`;
}

/** The decoded name of `name=value`. */
export function nameOf(pair: string): string {
  return [...new URLSearchParams(pair).keys()][0] ?? "";
}
