/** Place: where a Redis is and how to speak to it, as one URL says it. */
import { SluiceError } from "../../core/errors.ts";

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisAccount {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Files in PEM; what is undefined is the system's. */
export interface RedisTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** The name that the certificate must have, where it is not the host's. */
  readonly servername: string | undefined;
}

export type RedisServers =
  | { readonly kind: "single"; readonly node: RedisNode }
  | { readonly kind: "cluster"; readonly nodes: readonly RedisNode[] }
  | {
      readonly kind: "sentinel";
      readonly nodes: readonly RedisNode[];
      readonly master: string;
      readonly account: RedisAccount;
      readonly isTls: boolean;
    };

export interface RedisPlace {
  readonly servers: RedisServers;
  readonly account: RedisAccount;
  readonly db: number;
  readonly tls: RedisTls | null;
}

const PORT = 6379;
const SENTINEL_PORT = 26379;
const SCHEMES = ["redis:", "rediss:"];
const TLS_FIELDS = ["ca", "cert", "key", "servername"] as const;
const SENTINEL_FIELDS = ["sentinel_username", "sentinel_password", "sentinel_tls"];
const FIELDS = ["cluster", "sentinel", "node", "db", ...SENTINEL_FIELDS, ...TLS_FIELDS];

/**
 * Reads a URL; docs/redis.md has the forms.
 *
 * @throws SluiceError `invalid_request` that names the part, without what may be a secret
 */
export function placeOf(url: string): RedisPlace {
  const parsed = URL.parse(url);
  if (parsed === null) throw wrong("", "redis://[user:password@]host[:port][/db]");
  if (!SCHEMES.includes(parsed.protocol)) {
    throw wrong(`scheme ${parsed.protocol}`, SCHEMES.join(" "));
  }
  const fields = parsed.searchParams;
  for (const name of fields.keys()) {
    if (!FIELDS.includes(name)) throw wrong(`?${name}`, FIELDS.join(", "));
  }
  const servers = serversOf(parsed);
  const db = dbOf(parsed);
  if (servers.kind === "cluster" && db !== 0) throw wrong(`db ${db}`, "0 in a cluster");
  const account = accountOf(unescaped(parsed.username), unescaped(parsed.password));
  return { servers, account, db, tls: tlsOf(parsed) };
}

function serversOf(url: URL): RedisServers {
  const fields = url.searchParams;
  if (url.hostname === "") throw wrong("an empty host", "a host");
  const master = fields.get("sentinel");
  const isCluster = fields.has("cluster");
  if (isCluster && master !== null) throw wrong("?cluster with ?sentinel", "one of them");
  if (master === "") throw wrong("an empty ?sentinel", "the master's name");
  if (master === null && !isCluster) {
    if (fields.has("node")) throw wrong("?node", "with ?cluster or ?sentinel");
    return { kind: "single", node: nodeOf(url.host, PORT) };
  }
  const port = master === null ? PORT : SENTINEL_PORT;
  const nodes = [url.host, ...fields.getAll("node")].map((node) => nodeOf(node, port));
  if (master === null) return { kind: "cluster", nodes };
  const account = accountOf(
    fields.get("sentinel_username") ?? "",
    fields.get("sentinel_password") ?? "",
  );
  return { kind: "sentinel", nodes, master, account, isTls: isSentinelTls(url) };
}

function nodeOf(text: string, port: number): RedisNode {
  const url = URL.parse(`redis://${text}`);
  if (url === null || url.host !== text || text === "") throw wrong(`node ${text}`, "host:port");
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || port) };
}

function isSentinelTls({ protocol, searchParams }: URL): boolean {
  const said = searchParams.get("sentinel_tls");
  if (said === null) return protocol === "rediss:";
  if (said !== "yes" && said !== "no") throw wrong(`?sentinel_tls=${said}`, "yes or no");
  return said === "yes";
}

function dbOf({ pathname, searchParams }: URL): number {
  const text = searchParams.get("db") ?? pathname.slice(1);
  if (!/^\d{0,5}$/.test(text)) throw wrong(`db ${text}`, "a whole number from 0");
  return Number(text);
}

function accountOf(username: string, password: string): RedisAccount {
  return { username: username || undefined, password: password || undefined };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("% in user or password", "%25 for a percent sign");
  }
}

function tlsOf({ protocol, searchParams }: URL): RedisTls | null {
  const [ca, cert, key, servername] = TLS_FIELDS.map((name) => searchParams.get(name) || undefined);
  const isUsed = protocol === "rediss:" || searchParams.get("sentinel_tls") === "yes";
  if (!isUsed && (ca ?? cert ?? key ?? servername) !== undefined) {
    throw wrong("?ca, ?cert, ?key or ?servername", "with rediss://");
  }
  if ((cert === undefined) !== (key === undefined)) throw wrong("?cert or ?key", "both of them");
  return isUsed ? { ca, cert, key, servername } : null;
}

function wrong(found: string, allowed: string): SluiceError {
  const subject = found === "" ? "is no URL" : `does not allow ${found}`;
  return new SluiceError("invalid_request", `store.url ${subject}; allowed: ${allowed}`);
}
