/** Cut streams: what was produced before an error among the content is charged, usage told or not. */
import { expect, test } from "vitest";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
import { errorEvent, streamEvents } from "../support/faults/provider-answers.ts";
import { atRest, message, post, startTestGateway } from "../support/gateway.ts";
import { answerStream, startUpstream } from "../support/gateway-upstream.ts";

test("an error after ten tokens costs ten tokens", async () => {
  await using upstream = await startUpstream((response) => {
    answerStream(response);
    const [opening, ...tokens] = streamEvents("first", 20);
    response.end(opening + tokens.slice(0, 10).join("") + errorEvent("first"));
  });
  await using gateway = await startTestGateway({
    upstreams: {
      claude: {
        dialect: "anthropic",
        base_url: upstream.url,
        api_key: "k",
        limits: [{ itpm: 10_000, otpm: 10_000 }],
      },
    },
  });
  const answer = await post(`${gateway.url}/v1/messages`, message({ stream: true }));
  expect(await answer.text()).toContain("overloaded_error");
  await atRest(gateway);
  const meters = gateway.runtime.upstreams.get("claude")?.shared.meters ?? [];
  const charged = meters.map(({ label, charged }) => [label.dimension, charged / MICRO_UNITS]);
  expect(Object.fromEntries(charged)).toMatchObject({ input_tokens: 40, output_tokens: 10 });
});
