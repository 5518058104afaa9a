/** Sessions: who has signed in with the admin token in a browser; they end with the process. */
import { createHash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

export const SESSION_SECONDS = 12 * 3_600;
const SESSIONS = 100;
const SECRET_BYTES = 32;

export class Sessions {
  /** By hash: what is compared tells nothing of the secret, however long it takes. */
  readonly #open = new LRUCache<string, true>({ max: SESSIONS, ttl: SESSION_SECONDS * 1_000 });

  begin(): string {
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    this.#open.set(hashOf(secret), true);
    return secret;
  }

  isOpen(secret: string): boolean {
    return this.#open.get(hashOf(secret)) === true;
  }

  end(secret: string): void {
    this.#open.delete(hashOf(secret));
  }

  /** The token has changed: whoever signed in with the old one is out. */
  endAll(): void {
    this.#open.clear();
  }
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
