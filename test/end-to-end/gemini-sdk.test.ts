/** Google's own SDK against the mock, directly and through the gateway. */
import { ApiError, GoogleGenAI, Type } from "@google/genai";
import { describe, expect, test } from "vitest";
import { INSTANT, startMock } from "../../src/mock/index.ts";
import { all, errorOf, KEY, pairOf, TEXT, WAYS } from "../support/sdk-pair.ts";

describe.each(WAYS)("@google/genai %s", (way) => {
  const pair = pairOf("gemini");
  const model = "gemini-2.5-flash";
  const client = () =>
    new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: pair.roots[way] } }).models;

  test("generates, counts and embeds", async () => {
    const answer = await client().generateContent({ model, contents: TEXT });
    expect(answer.text).not.toBe("");
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 4 });
    expect(await client().countTokens({ model, contents: TEXT })).toMatchObject({ totalTokens: 4 });
    const config = { outputDimensionality: 4 };
    const { embeddings } = await client().embedContent({ model, contents: ["a", "b"], config });
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([4, 4]);
  });

  test("streams", async () => {
    const chunks = await all(await client().generateContentStream({ model, contents: TEXT }));
    expect(chunks.length).toBeGreaterThan(2);
    const length = chunks.reduce((sum, { text = "" }) => sum + text.length, 0);
    const last = chunks.at(-1);
    expect(last?.usageMetadata?.candidatesTokenCount).toBe(length / 4);
    expect(last?.candidates?.[0].finishReason).toBe("STOP");
  });

  test("calls functions", async () => {
    const properties = { city: { type: Type.STRING } };
    const parameters = { type: Type.OBJECT, properties, required: ["city"] };
    const tools = [{ functionDeclarations: [{ name: "weather", parameters }] }];
    const contents = "Please use the tool";
    const { functionCalls } = await client().generateContent({
      model,
      contents,
      config: { tools },
    });
    expect(functionCalls).toMatchObject([{ name: "weather", args: { city: "mock" } }]);
  });

  test("tells errors with their status", async () => {
    const error = await errorOf(client().generateContent({ model: "missing", contents: TEXT }));
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(404);
  });
});

describe("what limits the mock is the SDK's own error", () => {
  const start = () =>
    startMock({ dialect: "gemini", latency: INSTANT, limits: { rpd: 1 }, startEmpty: true });

  test("of Gemini", async () => {
    await using mock = await start();
    const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: mock.url } });
    const error = await errorOf(client.models.generateContent({ model: "m", contents: TEXT }));
    expect(error).toMatchObject({ name: "ApiError", status: 429 });
  });
});
