/** AWS signatures through a gateway: what is signed is what is sent, and dated by AWS's clock. */
import { describe, expect, test } from "vitest";
import { createSluice } from "../../../src/index.ts";
import { AWS_KEYS, type AwsProvider, startAwsProvider } from "../../support/aws-provider.ts";
import {
  atRest,
  type ConfigObject,
  EXACT,
  levelIn,
  post,
  startTestGateway,
} from "../../support/gateway.ts";

const AMOUNT = 1_000;
const MODEL = "anthropic.claude-3-haiku-20240307-v1:0";
const BODY = { messages: [{ role: "user", content: [{ text: "Grüße, “you”" }] }] };

function configFor({ url }: AwsProvider, auth: object = {}): ConfigObject {
  const keys = {
    access_key_id: AWS_KEYS.id,
    secret_access_key: AWS_KEYS.secret,
    session_token: AWS_KEYS.session,
  };
  const place = { kind: "aws-sigv4", region: "eu-west-1", service: "bedrock" };
  return {
    policy: EXACT,
    upstreams: {
      bedrock: {
        dialect: "bedrock",
        base_url: url,
        auth: { ...place, ...keys, ...auth },
        limits: [{ requests: { amount: AMOUNT, per: "1d", window: "fixed" } }],
      },
    },
  };
}

describe("the signature", () => {
  test.each([
    ["a colon in the model", `/model/${MODEL}/converse`],
    ["a colon that is encoded", `/model/${MODEL.replace(":", "%3A")}/converse`],
    [
      "an encoded ARN",
      "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.claude/converse",
    ],
    ["a query, in its order", "/guardrails?b=2&a=x%20y&a=1&empty="],
    ["characters that URLs leave alone", "/a|b[c]^d~e!f'(g)*h,i;j=k@l$m/converse?z=a|b"],
  ])("fits %s", async (_what, path) => {
    await using provider = await startAwsProvider();
    await using gateway = await startTestGateway(configFor(provider));
    const response = await post(`${gateway.url}/bedrock${path}`, BODY);
    expect({ status: response.status, refused: provider.refused }).toEqual({
      status: 200,
      refused: [],
    });
    expect(provider.served[0].body.toString()).toBe(JSON.stringify(BODY));
  });

  test("fits requests without a body, and bodies that are no JSON", async () => {
    await using provider = await startAwsProvider();
    await using gateway = await startTestGateway(configFor(provider));
    const form = new FormData();
    form.set("file", new Blob([new Uint8Array([0, 255, 10])]), "x.bin");
    const requests: RequestInit[] = [
      {},
      { method: "DELETE" },
      { method: "PUT", body: new Uint8Array([0, 200, 255]) },
      { method: "POST", body: form },
    ];
    for (const request of requests) {
      expect((await fetch(`${gateway.url}/bedrock/things`, request)).status).toBe(200);
    }
    expect(provider.refused).toEqual([]);
  });

  test("replaces one that the client has made, and its own credential", async () => {
    await using provider = await startAwsProvider();
    await using gateway = await startTestGateway(configFor(provider));
    const headers = {
      authorization: "AWS4-HMAC-SHA256 Credential=theirs",
      "x-amz-date": "20200101T000000Z",
      "x-amz-security-token": "theirs",
      "x-amz-content-sha256": "theirs",
      "x-amzn-bedrock-trace": "ENABLED",
    };
    const response = await post(`${gateway.url}/bedrock/model/m/converse`, BODY, { headers });
    expect(response.status).toBe(200);
    expect(JSON.stringify(provider.served[0].headers)).not.toContain("theirs");
    expect(provider.served[0].headers["x-amzn-bedrock-trace"]).toBe("ENABLED");
  });

  test("fits in the library, whose fetch writes headers of its own", async () => {
    await using provider = await startAwsProvider();
    const sluice = await createSluice({ config: configFor(provider), env: {} });
    const response = await sluice.fetch(`${provider.url}/model/${MODEL}/converse`, {
      method: "POST",
      body: JSON.stringify(BODY),
      headers: { "content-type": "application/json" },
    });
    expect({ status: response.status, refused: provider.refused }).toEqual({
      status: 200,
      refused: [],
    });
    await sluice.close();
  });
});

describe("clocks that differ", () => {
  test("are noticed in mid-run, corrected, and no client sees an error", async () => {
    await using provider = await startAwsProvider();
    await using gateway = await startTestGateway(configFor(provider));
    const call = () =>
      post(`${gateway.url}/bedrock/model/${MODEL}/converse`, BODY).then(({ status }) => status);
    for (const offsetMs of [0, 1_800_000, -3_600_000]) {
      provider.setClock(offsetMs);
      const statuses = await Promise.all(Array.from({ length: 20 }, call));
      expect(statuses).toEqual(statuses.map(() => 200));
    }
    await atRest(gateway);
    expect(provider.served).toHaveLength(60);
    const sent = provider.served.length + provider.refused.length;
    expect(levelIn(await gateway.state(), "bedrock", "requests")).toBe(AMOUNT - sent);
  });

  test("are not blamed for a wrong key: it is refused once, and the answer is the provider's", async () => {
    await using provider = await startAwsProvider();
    const config = configFor(provider, { secret_access_key: "wrong" });
    await using gateway = await startTestGateway(config);
    const response = await post(`${gateway.url}/bedrock/model/m/converse`, BODY);
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain(AWS_KEYS.session);
    expect(provider.refused).toEqual(["The request signature does not match"]);
  });
});
