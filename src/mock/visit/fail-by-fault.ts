/** Fails a call at once, before it is admitted, where a fault says so. */
import { isBody } from "../answer/call.ts";
import { jsonReply, type Reply } from "../failure.ts";
import type { FaultKind } from "../faults/fault.ts";
import type { EndingFault } from "../faults/fault-set.ts";
import { fail, failCharged, headersFor, type Shown, type Visit } from "./visit.ts";

/** True when the call has been answered. */
export function failByFault(
  visit: Visit,
  fault: EndingFault | null,
  shown: Shown,
  model: string,
): boolean {
  switch (fault?.kind) {
    case "billing":
      fail(visit, { kind: "out-of-credit" }, "nothing"); // costs nothing: there is no account to charge
      return true;
    case "overload":
      failCharged(visit, { kind: "overloaded", serviceTier: tierIn(visit) }, shown, model);
      return true;
    case "status":
      failWithStatus(visit, fault, shown, model);
      return true;
    default:
      return false;
  }
}

type StatusFault = Extract<FaultKind, { kind: "status" }>;

function failWithStatus(visit: Visit, fault: StatusFault, shown: Shown, model: string): void {
  const { dialect, account } = visit.state;
  const demand = dialect.failureDemand({ kind: "status", status: fault.status });
  account.chargeFailure(model, demand, performance.now());
  visit.exchange.reply(statusReply(visit, fault), headersFor(visit, shown));
}

function statusReply({ state, id }: Visit, { status, body, headers = {} }: StatusFault): Reply {
  if (typeof body === "string")
    return { status, headers: { "content-type": "text/plain", ...headers }, body };
  if (body !== undefined) return jsonReply(status, body, headers);
  const reply = state.dialect.failureReply({ kind: "status", status }, state.dialect.requestId(id));
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

/** Groq answers otherwise where a request has asked for its flexible tier. */
function tierIn({ received: { body } }: Visit): string | null {
  const tier = isBody(body) ? body.service_tier : null;
  return typeof tier === "string" ? tier : null;
}
