/** AWS signature: signs each attempt with version 4, dated by AWS's clock once it has told that ours is wrong. */
import aws4 from "aws4";
import type { AuthConfig } from "../../config/config.ts";
import type { HeaderView } from "../../core/dialect.ts";
import { headerText } from "../request/headers.ts";
import type { Outbound } from "../transport/transport.ts";
import type { Authorizer, Complaint } from "./authorizer.ts";

type Aws = Extract<AuthConfig, { kind: "aws-sigv4" }>;

/** What a client's own signature leaves behind. */
const REPLACED = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

/** What AWS's services say of a time they do not accept; the last two may also mean a wrong key. */
const SKEW_ERRORS = new Set([
  "RequestTimeTooSkewed",
  "RequestExpired",
  "RequestInTheFuture",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
]);
/** Signatures live for five minutes: a smaller difference is no reason for a refusal. */
const LEAST_SKEW_MS = 60_000;

export class AwsSignature implements Authorizer {
  readonly signsBody = true;
  readonly #auth: Aws;
  readonly #wallMs: () => number;
  /** AWS's clock against ours. */
  #offsetMs = 0;

  constructor(auth: Aws, wallMs: () => number) {
    this.#auth = auth;
    this.#wallMs = wallMs;
  }

  isReady(): boolean {
    return true;
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  authorize(outbound: Outbound): Outbound {
    const { accessKeyId, secretAccessKey, sessionToken, region, service } = this.#auth;
    const headers = { ...outbound.headers };
    for (const name of REPLACED) delete headers[name];
    const path = wellEncoded(outbound.path);
    const signed = aws4.sign(
      {
        service,
        region,
        method: outbound.method,
        path,
        headers: { host: new URL(outbound.origin).host, ...this.#dated(headers) },
        body: outbound.body as Buffer | string | undefined,
        ...{ extraHeadersToIgnore: ignored(headers) },
      },
      { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? undefined },
    );
    for (const name of SIGNATURE) {
      const value = signed.headers?.[name];
      if (value !== undefined) headers[name.toLowerCase()] = String(value);
    }
    return { ...outbound, path, headers };
  }

  accepted(): void {}

  refused(sent: Outbound, { status, headers }: Complaint): boolean {
    if (status < 400 || status >= 500 || !SKEW_ERRORS.has(errorTypeIn(headers))) return false;
    const toldMs = Date.parse(headerText(headers, "date") ?? "");
    // Against the date that was sent, since another answer may have corrected the clock meanwhile. NaN: none was told.
    if (!(Math.abs(toldMs - timeIn(sent)) >= LEAST_SKEW_MS)) return false;
    this.#offsetMs = toldMs - this.#wallMs();
    return true;
  }

  /** What is signed beside the host: what says how the body is read, and what AWS reads itself. Proxies leave it alone. */
  #dated(headers: Outbound["headers"]): Record<string, string> {
    const told = Object.entries(headers).filter(
      ([name]) => name === "content-type" || name.startsWith("x-amz-"),
    );
    const date = new Date(this.#wallMs() + this.#offsetMs).toISOString();
    return {
      ...Object.fromEntries(told.map(([name, value]) => [name, String(value)])),
      "X-Amz-Date": date.replace(/[:-]|\.\d{3}/g, ""),
    };
  }
}

/** The library adds these where they are missing; but the transport writes its own length, and a missing type stays so. */
function ignored(headers: Outbound["headers"]): Readonly<Record<string, true>> {
  const length = { "content-length": true } as const;
  return headers["content-type"] === undefined ? { ...length, "content-type": true } : length;
}

const SIGNATURE = ["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"];

/** As the library would write these characters: what is signed and what is sent must be the same. */
function wellEncoded(path: string): string {
  return path.replace(/[^0-9A-Za-z;,/?:@&=+$\-_.!~*'()#%]/g, encodeURIComponent);
}

/** Milliseconds since the epoch, from `20260101T123000Z`. */
function timeIn({ headers }: Outbound): number {
  const date = String(headers["x-amz-date"]);
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, "$1-$2-$3:$4:"));
}

/** `ThrottlingException:http://internal.amazon.com/...`: what follows the colon is no part of it. */
function errorTypeIn(headers: HeaderView): string {
  return (headerText(headers, "x-amzn-errortype") ?? "").split(":")[0];
}
