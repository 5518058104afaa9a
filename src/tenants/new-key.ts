/** New key: a secret that is shown once, and what is kept of it. */
import { createHash, randomBytes } from "node:crypto";

/** As many bytes as the hash has: nothing shorter could be guessed sooner. */
const KEY_BYTES = 32;
const ID_BYTES = 8;
/** Enough to tell one's keys apart, far too little to guess the rest by. */
const HINT_LENGTH = 4;

export interface NewKey {
  /** The secret itself. */
  readonly key: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly hash: string;
  readonly id: string;
  readonly hint: string;
}

export function newKey(): NewKey {
  const key = `sk-sluice-${randomBytes(KEY_BYTES).toString("base64url")}`;
  return {
    key,
    hash: `sha256:${createHash("sha256").update(key).digest("hex")}`,
    id: `key_${randomBytes(ID_BYTES).toString("hex")}`,
    hint: key.slice(-HINT_LENGTH),
  };
}
