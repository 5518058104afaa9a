/** Auth: the ways a credential can be sent upstream. */
import { z } from "zod";
import { callUrl } from "./formats.ts";
import { listOf, oneOfKinds, strict } from "./leaf.ts";
import { choice, secret, text } from "./scalars.ts";

/** Absent: api_key or credentials give it. */
const token = () =>
  secret().optional().describe("The credential; absent: from api_key or credentials");
const headerName = () => text("a header's name", /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/);
const scopes = () => listOf(text("a scope"), "scopes").prefault([]).describe("Scopes to ask for");

const AUTH_KINDS = [
  strict({ kind: z.literal("bearer").describe("authorization: Bearer X"), token: token() }),
  strict({
    kind: z.literal("header").describe("A header of its own"),
    name: headerName().describe("The header's name"),
    token: token(),
  }),
  strict({
    kind: z.literal("query").describe("A query parameter"),
    name: text("a parameter's name").describe("The parameter's name"),
    token: token(),
  }),
  strict({
    kind: z.literal("basic").describe("HTTP basic"),
    username: secret().describe("User"),
    password: secret().describe("Password"),
  }),
  strict({
    kind: z.literal("oauth2").describe("OAuth 2: client credentials, or a refresh token"),
    token_url: callUrl().describe("Where tokens are had"),
    client_id: text("a client id").describe("Client"),
    client_secret: secret().describe("Its secret"),
    refresh_token: secret()
      .optional()
      .describe("Renews by this instead of client credentials; a new one in an answer replaces it"),
    client_auth: choice(["body", "basic"])
      .prefault("body")
      .describe("Where the token endpoint wants client and secret: in the body, or as HTTP basic"),
    scopes: scopes(),
  }),
  strict({
    kind: z.literal("aws-sigv4").describe("AWS signature, version 4"),
    access_key_id: secret().describe("Key id"),
    secret_access_key: secret().describe("Secret key"),
    session_token: secret().optional().describe("Token of a temporary session"),
    region: text("an AWS region").describe("Region, such as us-east-1"),
    service: text("an AWS service").describe("Service, such as bedrock"),
  }),
  strict({
    kind: z.literal("google-service-account").describe("Google service account"),
    key_file: text("a path").describe("The account's JSON key"),
    scopes: scopes(),
  }),
] as const;

/** Kinds that bring their own secrets: one credential, named `default`. */
export const SELF_CONTAINED: ReadonlySet<unknown> = new Set([
  "basic",
  "oauth2",
  "aws-sigv4",
  "google-service-account",
]);

const NAMES = AUTH_KINDS.map(({ shape }) => shape.kind.value);

export const auth = oneOfKinds(AUTH_KINDS, NAMES);
