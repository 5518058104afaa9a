/** Service account grant: a token of our own, signed with the account's key (RFC 7523; Google, "server to server"). */
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { ServiceAccount } from "../../config/config.ts";
import type { Grant } from "./grant.ts";
import type { TokenRequest } from "./token-request.ts";

/** Google takes no more. */
const LIFETIME_SECONDS = 3_600;

export class ServiceAccountGrant implements Grant {
  readonly #account: ServiceAccount;
  readonly #key: KeyObject;
  readonly #scope: string;
  readonly #wallMs: () => number;

  constructor(account: ServiceAccount, scopes: readonly string[], wallMs: () => number) {
    this.#account = account;
    this.#key = createPrivateKey(account.privateKey);
    this.#scope = scopes.join(" ");
    this.#wallMs = wallMs;
  }

  request(): TokenRequest {
    const form = {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: this.#assertion(),
    };
    return { url: this.#account.tokenUrl, form, authorization: null };
  }

  granted(): void {}

  #assertion(): string {
    const { clientEmail, keyId, tokenUrl } = this.#account;
    const iat = Math.floor(this.#wallMs() / 1_000);
    const header = { alg: "RS256", typ: "JWT", ...(keyId === null ? {} : { kid: keyId }) };
    const claims = { iss: clientEmail, scope: this.#scope, aud: tokenUrl, iat };
    const exp = iat + LIFETIME_SECONDS;
    const signed = `${encoded(header)}.${encoded({ ...claims, exp })}`;
    const signature = sign("RSA-SHA256", Buffer.from(signed), this.#key);
    return `${signed}.${signature.toString("base64url")}`;
  }
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
