import { describe, expect, test } from "vitest";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { Outbound } from "../transport/transport.ts";
import { AwsSignature } from "./aws-signature.ts";

const AUTH = {
  kind: "aws-sigv4",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
  region: "us-east-1",
  service: "service",
} as const;
const AT = Date.UTC(2015, 7, 30, 12, 36);
const REFUSED: Verdict = { class: "auth", dimension: null, retryable: false, retryAfterMs: null };

function outbound(fields: Partial<Outbound> = {}): Outbound {
  const origin = "https://example.amazonaws.com";
  return { method: "GET", origin, path: "/", headers: {}, body: null, firstByteMs: 1, ...fields };
}

function signatureOf({ headers }: Outbound): string {
  return String(headers["authorization"]).slice(-64);
}

describe("AWS signature", () => {
  // The suite that AWS publishes for implementers: get-vanilla and get-vanilla-query-order-key-case.
  test.each([
    ["/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    [
      "/?Param2=value2&Param1=value1",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
  ])("of %s is the published one", (path, signature) => {
    const signed = new AwsSignature(AUTH, () => AT).authorize(outbound({ path }));
    expect(signatureOf(signed)).toBe(signature);
    expect(signed.headers["x-amz-date"]).toBe("20150830T123600Z");
  });

  test("is made anew for each attempt, dated when it is sent", () => {
    let now = AT;
    const signer = new AwsSignature(AUTH, () => now);
    const first = signer.authorize(outbound());
    now += 400_000;
    const second = signer.authorize(outbound());
    expect(second.headers["x-amz-date"]).toBe("20150830T124240Z");
    expect(signatureOf(second)).not.toBe(signatureOf(first));
  });

  test("covers the bytes of the body, the type and x-amz headers, and leaves the others to the transport", () => {
    const signer = new AwsSignature(AUTH, () => AT);
    const headers = { "content-type": "application/json", "x-amz-y": "1", "user-agent": "u" };
    const signed = signer.authorize(outbound({ method: "POST", headers, body: "{}" }));
    const [, names] = /SignedHeaders=(\S+),/.exec(String(signed.headers["authorization"])) ?? [];
    expect(names).toBe("content-type;host;x-amz-date;x-amz-y");
    expect(Object.keys(signed.headers).sort()).toEqual(
      ["authorization", "content-type", "user-agent", "x-amz-date", "x-amz-y"].sort(),
    );
    const other = signer.authorize(outbound({ method: "POST", headers, body: "{ }" }));
    expect(signatureOf(other)).not.toBe(signatureOf(signed));
  });

  test.each([
    ["InvalidSignatureException", 600_000, true],
    ["RequestTimeTooSkewed", -600_000, true],
    ["SignatureDoesNotMatch", 600_000, true],
    ["SignatureDoesNotMatch", 5_000, false],
    ["AccessDeniedException", 600_000, false],
  ])(
    "that is refused by %s at a clock %i ms ahead is worth another: %s",
    (type, ahead, isWorth) => {
      const signer = new AwsSignature(AUTH, () => AT);
      const date = new Date(AT + ahead).toUTCString();
      const headers = { "x-amzn-errortype": `${type}:http://x/`, date };
      const complaint = { status: 403, headers, verdict: REFUSED };
      expect(signer.refused(signer.authorize(outbound()), complaint)).toBe(isWorth);
      const next = signer.authorize(outbound());
      const expected = new Date(AT + (isWorth ? ahead : 0)).toISOString();
      expect(next.headers["x-amz-date"]).toBe(expected.replace(/[:-]|\.\d{3}/g, ""));
      // What was signed by the corrected clock and is refused again is not the clock's fault.
      if (isWorth) expect(signer.refused(next, complaint)).toBe(false);
    },
  );

  test("without a date in the refusal the clock is left alone", () => {
    const signer = new AwsSignature(AUTH, () => AT);
    const headers = { "x-amzn-errortype": "InvalidSignatureException" };
    const complaint = { status: 403, headers, verdict: REFUSED };
    expect(signer.refused(signer.authorize(outbound()), complaint)).toBe(false);
  });
});
