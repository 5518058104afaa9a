/** AWS provider: checks signatures (version 4) by arithmetic of its own, and refuses times that are not its own. */
import { createHash, createHmac } from "node:crypto";
import { answerJson, type Received, startUpstream } from "./gateway-upstream.ts";

export const AWS_KEYS = { id: "AKIDEXAMPLE", secret: "aws-secret", session: "aws-session" };
const REGION = "eu-west-1";
const SERVICE = "bedrock";
/** Signatures are good for so long. */
const VALID_MS = 300_000;

export interface AwsProvider extends AsyncDisposable {
  readonly url: string;
  readonly served: readonly Received[];
  /** With the reason. */
  readonly refused: readonly string[];
  /** Its clock against the machine's from now on. */
  setClock(offsetMs: number): void;
}

export async function startAwsProvider(): Promise<AwsProvider> {
  const served: Received[] = [];
  const refused: string[] = [];
  let offsetMs = 0;
  const upstream = await startUpstream((response, received) => {
    const now = Date.now() + offsetMs;
    const date = new Date(now).toUTCString();
    const complaint = complaintAbout(received, now);
    if (complaint === null) {
      served.push(received);
      return answerJson(response, 200, { usage: { inputTokens: 3, outputTokens: 2 } }, { date });
    }
    refused.push(complaint);
    const errorType = "InvalidSignatureException:http://internal.amazon.com/coral/";
    const headers = { date, "x-amzn-errortype": errorType };
    answerJson(response, 403, { message: complaint }, headers);
  });
  return {
    url: upstream.url,
    served,
    refused,
    setClock: (ms) => {
      offsetMs = ms;
    },
    [Symbol.asyncDispose]: upstream[Symbol.asyncDispose],
  };
}

/** Null: the signature is right. */
export function complaintAbout(received: Received, now: number): string | null {
  const { headers } = received;
  const date = String(headers["x-amz-date"]);
  const scope = `${date.slice(0, 8)}/${REGION}/${SERVICE}/aws4_request`;
  const [, credential, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  if (credential !== `${AWS_KEYS.id}/${scope}`) return `not our key or scope: ${credential}`;
  if (headers["x-amz-security-token"] !== AWS_KEYS.session) return "not our session";
  for (const name of ["host", "x-amz-date", "x-amz-security-token"]) {
    if (!names.split(";").includes(name)) return `${name} is not signed`;
  }
  if (Math.abs(timeOf(date) - now) > VALID_MS) return "Signature expired";
  const canonical = canonicalRequest(received, names.split(";"));
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = [date.slice(0, 8), REGION, SERVICE, "aws4_request"].reduce<Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    Buffer.from(`AWS4${AWS_KEYS.secret}`),
  );
  const expected = createHmac("sha256", key).update(toSign).digest("hex");
  return expected === signature ? null : "The request signature does not match";
}

function canonicalRequest({ method, url, headers, body }: Received, names: string[]): string {
  const [path, query = ""] = url.split("?");
  const pairs = query === "" ? [] : query.split("&").map((pair) => pair.split("="));
  const coded = pairs.map(([name, value = ""]) => `${recoded(name)}=${recoded(value)}`).sort();
  const lines = names.map((name) => `${name}:${String(headers[name]).trim()}\n`);
  return [
    method,
    path.split("/").map(encoded).join("/"),
    coded.join("&"),
    lines.join(""),
    names.join(";"),
    sha256(body),
  ].join("\n");
}

/** The path is encoded once more as it came. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function recoded(text: string): string {
  return encoded(decodeURIComponent(text));
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** `20260101T123000Z` */
function timeOf(date: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
}
