/** Identity cache: a connection's next request mostly brings the same credentials, which then need no hashing. */
import type { Socket } from "node:net";
import type { HeaderView } from "../core/dialect.ts";
import type { TenantDirectory } from "../runtime/policy/tenant-directory.ts";
import { CREDENTIAL_HEADERS } from "../runtime/request/headers.ts";
import { type Identity, identify } from "../runtime/request/identity.ts";

/** Everything that an identity depends on. */
const DECIDING_HEADERS = [...CREDENTIAL_HEADERS, "x-sluice-tenant", "x-sluice-tier"] as const;

interface Remembered {
  readonly headers: HeaderView;
  readonly identity: Identity;
  /** Of the directory: a reload or an administrator may have changed who a key belongs to. */
  readonly version: number;
}

/**
 * Kept by connection, so it ends with it. A credential is compared only with one that came on the
 * same connection: whoever measures the time learns nothing but their own.
 */
export class IdentityCache {
  readonly #bySocket = new WeakMap<Socket, Remembered>();

  /** @throws SluiceError as {@link identify} does. */
  identify(
    socket: Socket,
    headers: HeaderView,
    directory: TenantDirectory,
    trustHeaders: boolean,
  ): Identity {
    const known = this.#bySocket.get(socket);
    const { version } = directory;
    const isCurrent =
      known?.version === version &&
      !isOver(known.identity, directory) &&
      areAlike(known.headers, headers);
    if (isCurrent) return known.identity;
    const identity = identify(headers, directory, trustHeaders);
    this.#bySocket.set(socket, { headers, identity, version });
    return identity;
  }
}

/** Its key has expired since. */
function isOver({ validUntil }: Identity, directory: TenantDirectory): boolean {
  return validUntil !== Number.POSITIVE_INFINITY && validUntil <= directory.now();
}

function areAlike(a: HeaderView, b: HeaderView): boolean {
  for (const name of DECIDING_HEADERS) if (a[name] !== b[name]) return false;
  return true;
}
