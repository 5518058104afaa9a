/** Control API: the same orders as the methods of MockServer, over HTTP under /__mock. */
import { isBody } from "../answer/call.ts";
import { jsonReply, type Reply } from "../failure.ts";
import type { LimitOrder } from "../limits/limits.ts";
import type { MockControls } from "../mock-server.ts";
import type { Exchange } from "./exchange.ts";
import { parseJson, readBody } from "./read-body.ts";

export const CONTROL_PATH = "/__mock";

type Order = (controls: MockControls, body: unknown) => unknown;

const DONE = { ok: true };

const ORDERS: Readonly<Record<string, Order>> = {
  "GET /stats": (controls) => controls.stats(),
  "GET /levels": (controls) => controls.levels(),
  "GET /requests": (controls) => controls.requests(),
  "GET /faults": (controls) => controls.listFaults(),
  "POST /limits"(controls, body) {
    if (!isBody(body)) throw new Error('expected an object such as { "rpm": 60 }');
    controls.setLimits(body as LimitOrder);
    return controls.levels();
  },
  "POST /faults"(controls, body) {
    for (const fault of Array.isArray(body) ? body : [body]) controls.addFault(fault);
    return controls.listFaults();
  },
  "DELETE /faults"(controls) {
    controls.clearFaults();
    return DONE;
  },
  "POST /reset"(controls) {
    controls.reset();
    return DONE;
  },
};

/** `path` is what follows /__mock. Answers 404 to what it does not know, 400 to what it cannot do. */
export async function control(
  exchange: Exchange,
  path: string,
  controls: MockControls,
): Promise<void> {
  const name = `${exchange.request.method} ${path}`;
  if (!Object.hasOwn(ORDERS, name)) {
    const known = Object.keys(ORDERS).join(", ");
    return exchange.reply(
      jsonReply(404, { error: `no ${name} under ${CONTROL_PATH}; there are ${known}` }),
      {},
    );
  }
  const raw = await readBody(exchange.request);
  exchange.reply(
    obey(ORDERS[name], controls, raw.kind === "body" ? parseJson(raw.bytes) : undefined),
    {},
  );
}

function obey(order: Order, controls: MockControls, body: unknown): Reply {
  try {
    return jsonReply(200, order(controls, body));
  } catch (error) {
    return jsonReply(400, { error: (error as Error).message });
  }
}
