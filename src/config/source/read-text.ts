/** Read text: a configuration file's text, bounded, with what hinders in words instead of exceptions. */
import { closeSync, openSync, readSync } from "node:fs";
import type { Finding } from "../problem.ts";

/** About 20,000 tenants; whatever is larger is not a configuration. */
export const FILE_MAX_BYTES = 4 * 2 ** 20;

export type Text =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly finding: Finding };

const IN_WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "a file that may not be read",
  EPERM: "a file that may not be read",
  EISDIR: "a directory",
};

export function readText(file: string): Text {
  try {
    const bytes = readBounded(file);
    if (bytes === null) return failed("a file above 4 MiB", "at most 4 MiB");
    return decoded(bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return failed(IN_WORDS[code] ?? `a file that cannot be read (${code})`, "a configuration file");
  }
}

/** Reads instead of asking for the size first: a device or pipe has none. */
function readBounded(file: string): Uint8Array | null {
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.allocUnsafe(FILE_MAX_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(handle, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return length > FILE_MAX_BYTES ? null : buffer.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

function decoded(bytes: Uint8Array): Text {
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return failed("bytes that are not UTF-8", "a text file in UTF-8");
  }
}

function failed(found: string, expected: string): Text {
  return { ok: false, finding: { path: [], found, expected } };
}
