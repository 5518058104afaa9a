/** Open client: connections of ioredis to a place, none of which keeps or repeats commands by itself. */
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { SluiceError } from "../../core/errors.ts";
import type { RedisPlace, RedisServers, RedisTls } from "./place.ts";

/** What is not answered in this time is asked again. */
const ANSWER_MS = 1_000;
const LONGEST_RECONNECT_MS = 500;

const retryIn = (attempt: number) => Math.min(LONGEST_RECONNECT_MS, 20 * attempt);

/** A step that is not answered is sent again by the session, which knows what it has said before. */
const STEADY: RedisOptions = {
  commandTimeout: ANSWER_MS,
  connectTimeout: ANSWER_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // Ours is done whenever the connection is ready, where its failure can be handled.
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  // A user of few rights may not tell it.
  disableClientInfo: true,
  retryStrategy: retryIn,
  // A master that became a replica while we were connected: the new one is found by connecting again.
  reconnectOnError: (error) => error.message.startsWith("READONLY"),
};

/**
 * Opens a connection, or several to a cluster; it is kept up until it is closed.
 *
 * @throws SluiceError `invalid_request` if a file of its TLS cannot be read
 */
export function openClient({ servers, account, db, tls }: RedisPlace): Redis | Cluster {
  const secure = tls === null ? undefined : tlsOptions(tls);
  if (servers.kind === "cluster") return openCluster(servers, { ...account, tls: secure });
  const own = { ...STEADY, ...account, db };
  if (servers.kind === "single") return new Redis({ ...own, ...servers.node, tls: secure });
  return new Redis({ ...own, ...sentinelOptions(servers, secure) });
}

function openCluster(
  { nodes }: Extract<RedisServers, { kind: "cluster" }>,
  options: Pick<RedisOptions, "username" | "password" | "tls">,
): Cluster {
  return new Cluster([...nodes], {
    redisOptions: { ...STEADY, ...options },
    enableOfflineQueue: false,
    slotsRefreshTimeout: ANSWER_MS,
    clusterRetryStrategy: retryIn,
    shardedSubscribers: true,
    // A certificate is for the names by which the nodes are known.
    ...(options.tls && { dnsLookup: (host, callback) => callback(null, host) }),
  });
}

function sentinelOptions(
  { nodes, master, account, isTls }: Extract<RedisServers, { kind: "sentinel" }>,
  tls: ConnectionOptions | undefined,
): RedisOptions {
  return {
    sentinels: [...nodes],
    name: master,
    sentinelUsername: account.username,
    sentinelPassword: account.password,
    sentinelTLS: isTls ? tls : undefined,
    sentinelRetryStrategy: retryIn,
    sentinelReconnectStrategy: retryIn,
    sentinelCommandTimeout: ANSWER_MS,
    // Sentinels tell of a new master while the old one still answers.
    failoverDetector: true,
    tls,
    enableTLSForSentinelMode: tls !== undefined,
  };
}

function tlsOptions({ ca, cert, key, servername }: RedisTls): ConnectionOptions {
  const files = { ca: textOf("ca", ca), cert: textOf("cert", cert), key: textOf("key", key) };
  return { ...files, servername };
}

function textOf(field: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "error";
    const allowed = "a file in PEM that can be read";
    const message = `store.url: ?${field}=${path} cannot be read (${code}); allowed: ${allowed}`;
    throw new SluiceError("invalid_request", message, { cause });
  }
}
