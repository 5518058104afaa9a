/** Handle: takes a request from its route to its admission, or to the reason why it fails. */
import { type Body, type Call, isBody } from "../answer/call.ts";
import type { Route } from "../dialect.ts";
import { badRequest, type Failure, isUnknownModel } from "../failure.ts";
import { type Affliction, afflict } from "../faults/fault-set.ts";
import { parseJson, readBody } from "../http/read-body.ts";
import { MAX_KEPT_BODY_BYTES } from "../stats.ts";
import { failByFault } from "./fail-by-fault.ts";
import { respond } from "./respond.ts";
import { conclude, fail, failCharged, type Shown, type Visit } from "./visit.ts";
import { readWishes, type Wishes } from "./wishes.ts";

export async function handle(visit: Visit, route: Route): Promise<void> {
  const { method, path } = visit.received;
  if (route.kind === "unknown-path" || route.kind === "wrong-method") {
    return fail(visit, { kind: route.kind, method, path }, "nothing");
  }
  const stranger = findStranger(visit);
  if (stranger) return fail(visit, stranger, "nothing");
  if (route.kind === "lookup") return conclude(visit, route.reply());
  const body = await takeBody(visit, route.kind === "call" ? route.body : "json");
  if (body.kind === "aborted") return;
  if (body.kind !== "object") return failCharged(visit, body, { model: null }, null);
  if (route.kind === "count") return conclude(visit, route.reply(body.object));
  const call = route.read(body.object);
  if (call.kind !== "call") return failCharged(visit, call, { model: null }, null);
  return handleCall(visit, call, body.object);
}

async function handleCall(visit: Visit, call: Call, body: Body): Promise<void> {
  const { recorder } = visit.state;
  const { model } = call;
  recorder.named(model);
  const wishes = tryReadWishes(visit, body);
  if (wishes instanceof Error) {
    return failCharged(visit, badRequest(wishes.message), { model }, model);
  }
  if (isUnknownModel(model))
    return failCharged(visit, { kind: "unknown-model", model }, { model }, model);
  const affliction = findAffliction(visit, model, wishes);
  const shown: Shown = affliction.hidesHeaders ? "nothing" : { model };
  if (failByFault(visit, affliction.end, shown, model)) return;
  await admit(visit, call, wishes, affliction, shown);
}

async function admit(
  visit: Visit,
  call: Call,
  wishes: Wishes,
  affliction: Affliction,
  shown: Shown,
): Promise<void> {
  const { dialect, account, recorder } = visit.state;
  const holdsSlot = call.cost?.holdsSlot ?? true;
  const demand = dialect.demandOf(call);
  const admission = account.admit(call.model, demand, performance.now(), holdsSlot);
  if (admission.kind === "refused") {
    const { refusal } = admission;
    recorder.refused(refusal.dimension);
    const failure: Failure = { kind: "rate-limited", refusal, model: call.model };
    return failCharged(visit, failure, shown, call.model);
  }
  visit.exchange.onEnd(() => admission.grant.release());
  if (affliction.end?.kind === "reset") return visit.exchange.reset();
  if (affliction.end?.kind === "hang") return visit.exchange.untilClosed();
  await respond({ visit, call, wishes, affliction, shown, grant: admission.grant });
}

function findStranger({ state, exchange, query }: Visit): Failure | null {
  const { apiKeys } = state.options;
  if (apiKeys === null) return null;
  const key = state.dialect.keyOf(exchange.request.headers, query);
  return key !== null && apiKeys.has(key) ? null : { kind: "unauthorized", key };
}

type TakenBody =
  | { readonly kind: "object"; readonly object: Body }
  | { readonly kind: "too-large" }
  | { readonly kind: "aborted" }
  | { readonly kind: "bad-json" };

async function takeBody(
  { exchange, received }: Visit,
  wanted: "json" | "optional" | "any",
): Promise<TakenBody> {
  const raw = await readBody(exchange.request);
  if (raw.kind !== "body") return raw;
  const isLacking = wanted === "any" || (wanted === "optional" && raw.bytes.length === 0);
  const parsed = parseJson(raw.bytes);
  const object = isBody(parsed) || !isLacking ? parsed : {};
  if (!isBody(object)) return { kind: "bad-json" };
  if (raw.bytes.length <= MAX_KEPT_BODY_BYTES) received.body = object;
  return { kind: "object", object };
}

function tryReadWishes({ exchange }: Visit, body: Body): Wishes | Error {
  try {
    return readWishes(exchange.request.headers, body);
  } catch (error) {
    return error as Error;
  }
}

/** A request's own faults come before those of the server. */
function findAffliction({ state, startedAt }: Visit, model: string, wishes: Wishes): Affliction {
  const hits = state.faults.hit(wishes.faults, model, startedAt, state.random);
  for (const fault of hits) state.recorder.faulted(fault.kind);
  return afflict(hits);
}
