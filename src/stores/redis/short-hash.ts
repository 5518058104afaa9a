/** Short hash: a short name for a long one, the same at every instance. */
import { createHash } from "node:crypto";

/** 80 bits: of a million names no two are alike, most likely. */
const LENGTH = 20;

export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, LENGTH);
}
