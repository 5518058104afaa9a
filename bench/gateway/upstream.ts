/** Upstream of the gateway benchmark: answers every request at once with a small chat completion. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const BODY = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1,
  model: "gpt-5",
  choices: [
    { index: 0, message: { role: "assistant", content: "All is well." }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 50, completion_tokens: 4, total_tokens: 54 },
});
const HEADERS = {
  "content-type": "application/json",
  "content-length": Buffer.byteLength(BODY),
  "x-ratelimit-limit-requests": "1000000",
  "x-ratelimit-remaining-requests": "999999",
  "x-ratelimit-reset-requests": "1ms",
  "x-request-id": "req_bench",
};

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, HEADERS);
    response.end(BODY);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}` });
});
process.on("disconnect", () => process.exit());
