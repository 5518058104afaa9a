/** Key files: reads the JSON keys of Google service accounts that a configuration points to, each once. */
import { createPrivateKey } from "node:crypto";
import { resolve } from "node:path";
import type { ServiceAccount } from "../config.ts";
import { readText } from "./read-text.ts";

export type KeyFile =
  | { readonly ok: true; readonly account: ServiceAccount }
  /** What was found instead, in words that hold nothing of the file. */
  | { readonly ok: false; readonly found: string };

export class KeyFiles {
  readonly #folder: string;
  readonly #files = new Map<string, KeyFile>();

  /** Relative paths start at `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  read(path: string): KeyFile {
    const file = resolve(this.#folder, path);
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const read = readKeyFile(file);
    this.#files.set(file, read);
    return read;
  }
}

function readKeyFile(file: string): KeyFile {
  const text = readText(file);
  if (!text.ok) return { ok: false, found: text.finding.found };
  try {
    return accountIn(JSON.parse(text.text));
  } catch {
    // The parser's own message would quote the file.
    return { ok: false, found: "a file that is not JSON" };
  }
}

function accountIn(key: unknown): KeyFile {
  const fields = typeof key === "object" && key !== null ? (key as Record<string, unknown>) : {};
  const { type, client_email: clientEmail, private_key: privateKey, token_uri: tokenUrl } = fields;
  const keyId = fields["private_key_id"];
  if (type !== "service_account") return { ok: false, found: "a key of another type" };
  if (typeof clientEmail !== "string" || clientEmail === "") return lacking("client_email");
  if (typeof privateKey !== "string" || !isPrivateKey(privateKey)) return lacking("private_key");
  if (typeof tokenUrl !== "string" || !isHttpUrl(tokenUrl)) return lacking("token_uri");
  const account = { clientEmail, privateKey, tokenUrl };
  return { ok: true, account: { ...account, keyId: typeof keyId === "string" ? keyId : null } };
}

function lacking(field: string): KeyFile {
  return { ok: false, found: `a service account's key without a valid ${field}` };
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

function isHttpUrl(text: string): boolean {
  const protocol = URL.parse(text)?.protocol;
  return protocol === "https:" || protocol === "http:";
}
