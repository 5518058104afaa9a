/** HubSpot's CRM objects: one by one, in batches of a hundred, and by search. */
import { type Answer, type Body, type Call, isBody } from "../../answer/call.ts";
import { badRequest, type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Asked, Endpoint } from "../platform/endpoints.ts";
import { momentOf, platformCall } from "../platform/platform-call.ts";

/** The endpoints by which limits and faults can be given. */
export const SEARCH = "search";
const BATCH = "batch";
const OBJECTS = "objects";

const MAX_INPUTS = 100;
const ONE = { rp10s: 1, rpd: 1 };
const ROOT = "/crm/v3/objects/{type}";

export const HUBSPOT_ENDPOINTS: readonly Endpoint[] = [
  { at: `POST ${ROOT}/search`, read: search },
  { at: `POST ${ROOT}/batch/{action}`, read: batch },
  { at: `GET ${ROOT}`, read: () => object((answer) => listOf([recordOf("1", {}, answer)])) },
  {
    at: `POST ${ROOT}`,
    read: ({ body }) =>
      object((answer) => jsonReply(201, recordOf(newId(answer, 0), body, answer))),
  },
  { at: `GET ${ROOT}/{id}`, read: one },
  { at: `PATCH ${ROOT}/{id}`, read: one },
  {
    at: `DELETE ${ROOT}/{id}`,
    read: () => object(() => ({ status: 204, headers: {}, body: "" })),
  },
];

function object(whole: (answer: Answer) => Reply): Call {
  return platformCall(OBJECTS, { taken: ONE }, whole);
}

function one({ places: [, id], body }: Asked): Call | Failure {
  if (isMissing(id)) return { kind: "unknown-model", model: id };
  return object((answer) => jsonReply(200, recordOf(id, body, answer)));
}

function search({ body }: Asked): Call {
  const wanted = Number(body.limit ?? 10);
  const count = Number.isInteger(wanted) && wanted >= 1 ? Math.min(wanted, 200) : 10;
  return platformCall(SEARCH, { taken: { ...ONE, rps: 1 } }, (answer) => {
    const results = Array.from({ length: count }, (_, i) => recordOf(String(i + 1), {}, answer));
    return jsonReply(200, { total: results.length, results });
  });
}

const STATUSES: Readonly<Record<string, number>> = {
  read: 200,
  create: 201,
  update: 200,
  upsert: 200,
  archive: 204,
};

function batch({ places: [, action], body }: Asked): Call | Failure {
  if (!Object.hasOwn(STATUSES, action)) return { kind: "status", status: 404 };
  const inputs = Array.isArray(body.inputs) ? body.inputs.filter(isBody) : [];
  if (inputs.length === 0) return badRequest("Invalid input JSON: inputs must not be empty");
  if (inputs.length > MAX_INPUTS) {
    return badRequest(
      `The maximum number of inputs supported in a batch request is ${MAX_INPUTS}.`,
    );
  }
  return platformCall(BATCH, { taken: ONE }, (answer) => batchReply(action, inputs, answer));
}

/** What names something missing fails alone, under 207; all else is done. */
function batchReply(action: string, inputs: readonly Body[], answer: Answer): Reply {
  if (action === "archive") return { status: STATUSES[action], headers: {}, body: "" };
  const failed = inputs.filter(({ id }) => isMissing(id));
  const done = inputs.filter(({ id }) => !isMissing(id));
  const results = done.map((input, i) => ({
    ...recordOf(action === "create" ? newId(answer, i) : String(input.id ?? i), input, answer),
    ...(action === "upsert" && { new: false }),
  }));
  const times = { startedAt: momentOf(answer), completedAt: momentOf(answer) };
  const whole = { status: "COMPLETE", results, ...times };
  if (failed.length === 0) return jsonReply(STATUSES[action], whole);
  const ids = failed.map(({ id }) => String(id));
  const error = {
    status: "error",
    category: "OBJECT_NOT_FOUND",
    message:
      "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
    context: { ids },
  };
  return jsonReply(207, { ...whole, numErrors: 1, errors: [error] });
}

function recordOf(id: string, { properties }: Body, answer: Answer): object {
  const at = momentOf(answer);
  const own = isBody(properties) ? properties : {};
  const times = { createdAt: at, updatedAt: at };
  return { id, properties: { hs_object_id: id, ...own }, ...times, archived: false };
}

function listOf(results: readonly object[]): Reply {
  return jsonReply(200, { results });
}

/** HubSpot's ids are decimal. */
function newId(answer: Answer, index: number): string {
  return String(Number.parseInt(answer.id.slice(-8), 16) * MAX_INPUTS + index + 1);
}

function isMissing(id: unknown): boolean {
  return String(id).includes("missing");
}
