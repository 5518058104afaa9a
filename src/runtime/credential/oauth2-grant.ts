/** OAuth 2 grant: client credentials, or a refresh token that answers may replace (RFC 6749, 4.4 and 6). */
import type { AuthConfig } from "../../config/config.ts";
import type { JsonObject } from "../../core/dialect.ts";
import type { Grant } from "./grant.ts";
import type { TokenRequest } from "./token-request.ts";

type OAuth2 = Extract<AuthConfig, { kind: "oauth2" }>;

export class OAuth2Grant implements Grant {
  readonly #auth: OAuth2;
  #refreshToken: string | null;

  constructor(auth: OAuth2) {
    this.#auth = auth;
    this.#refreshToken = auth.refreshToken;
  }

  request(): TokenRequest {
    const { tokenUrl, clientId, clientSecret, clientAuth, scopes } = this.#auth;
    const form: Record<string, string> =
      this.#refreshToken === null
        ? { grant_type: "client_credentials" }
        : { grant_type: "refresh_token", refresh_token: this.#refreshToken };
    if (scopes.length > 0) form["scope"] = scopes.join(" ");
    if (clientAuth === "basic") {
      return { url: tokenUrl, form, authorization: basicOf(clientId, clientSecret) };
    }
    form["client_id"] = clientId;
    // A public client has none.
    if (clientSecret !== "") form["client_secret"] = clientSecret;
    return { url: tokenUrl, form, authorization: null };
  }

  /** Salesforce and others may rotate it: the old one is void from now on. */
  granted({ refresh_token: next }: JsonObject): void {
    if (this.#refreshToken !== null && typeof next === "string" && next !== "") {
      this.#refreshToken = next;
    }
  }
}

/** RFC 6749, 2.3.1: both are encoded as in a form first. */
function basicOf(id: string, secret: string): string {
  const text = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}
