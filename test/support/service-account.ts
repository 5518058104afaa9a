/** Service account: a Google key file for a test, made up, and its public half. */
import { createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PAIR = generateKeyPairSync("rsa", { modulusLength: 2048 });

export interface TestServiceAccount extends Disposable {
  readonly folder: string;
  /** In the folder. */
  readonly file: string;
  readonly email: string;
}

export function createServiceAccount(tokenUrl: string): TestServiceAccount {
  const folder = mkdtempSync(join(tmpdir(), "sluice-key-"));
  const email = "sluice@project.iam.gserviceaccount.com";
  const file = join(folder, "key.json");
  const key = {
    type: "service_account",
    client_email: email,
    private_key: PAIR.privateKey.export({ type: "pkcs8", format: "pem" }),
    private_key_id: "key-1",
    token_uri: tokenUrl,
  };
  writeFileSync(file, JSON.stringify(key));
  return { folder, file, email, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** The header and claims of a token that the account has signed; null: it has not. */
export function verified(assertion: string): { header: object; claims: Claims } | null {
  const [header, claims, signature] = assertion.split(".");
  const verifier = createVerify("RSA-SHA256").update(`${header}.${claims}`);
  if (!verifier.verify(PAIR.publicKey, signature, "base64url")) return null;
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  return { header: decode(header), claims: decode(claims) };
}

export interface Claims {
  readonly iss: string;
  readonly scope: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
}
