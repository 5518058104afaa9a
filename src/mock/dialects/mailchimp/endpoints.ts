/** Mailchimp's lists, members and batch operations. */
import { type Answer, type Body, type Call, isBody } from "../../answer/call.ts";
import { badRequest, type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Asked, Endpoint } from "../platform/endpoints.ts";
import { momentOf, platformCall } from "../platform/platform-call.ts";

/** Documented for POST /lists/{id}; of a batch's operations no number is. */
const MAX_MEMBERS = 500;
const MAX_OPERATIONS = 10_000;

const LIST = "/3.0/lists/{list}";
const MEMBER = `${LIST}/members/{hash}`;

export const MAILCHIMP_ENDPOINTS: readonly Endpoint[] = [
  {
    at: "GET /3.0/ping",
    read: () => call("ping", () => jsonReply(200, { health_status: "Everything's Chimpy!" })),
  },
  { at: "GET /3.0/lists", read: () => call("lists", () => listed("lists", [{ id: "mock" }])) },
  { at: `GET ${LIST}`, read: ({ places: [id] }) => found(id, () => jsonReply(200, { id })) },
  { at: `POST ${LIST}`, read: subscribe },
  { at: `GET ${LIST}/members`, read: () => call("members", () => listed("members", [])) },
  { at: `POST ${LIST}/members`, read: ({ body }) => member("new", body) },
  { at: `GET ${MEMBER}`, read: ({ places: [, hash], body }) => member(hash, body) },
  { at: `PUT ${MEMBER}`, read: ({ places: [, hash], body }) => member(hash, body) },
  { at: `PATCH ${MEMBER}`, read: ({ places: [, hash], body }) => member(hash, body) },
  { at: `DELETE ${MEMBER}`, read: () => call("members", () => NO_CONTENT) },
  { at: "POST /3.0/batches", read: startBatch },
  { at: "GET /3.0/batches", read: () => call("batches", () => listed("batches", [])) },
  {
    at: "GET /3.0/batches/{id}",
    read: ({ places: [id] }) =>
      found(id, (answer) => jsonReply(200, batchOf(id, "finished", 0, answer))),
  },
];

const NO_CONTENT: Reply = { status: 204, headers: {}, body: "" };

function call(endpoint: string, whole: (answer: Answer) => Reply): Call {
  return platformCall(endpoint, {}, whole);
}

function found(id: string, whole: (answer: Answer) => Reply): Call | Failure {
  return id.includes("missing") ? { kind: "unknown-model", model: id } : call("lists", whole);
}

function member(hash: string, { email_address, status }: Body): Call | Failure {
  if (hash.includes("missing")) return { kind: "unknown-model", model: hash };
  const fields = {
    email_address: email_address ?? "mock@example.com",
    status: status ?? "subscribed",
  };
  return call("members", () => jsonReply(200, { id: hash, ...fields }));
}

/** Members without an address fail alone, under status 200. */
function subscribe({ body: { members } }: Asked): Call | Failure {
  const all = Array.isArray(members) ? members.filter(isBody) : [];
  if (all.length === 0 || all.length > MAX_MEMBERS) {
    return badRequest(`members: between 1 and ${MAX_MEMBERS} are allowed.`);
  }
  const isGood = ({ email_address }: Body) => String(email_address ?? "").includes("@");
  return call("lists", () => {
    const created = all.filter(isGood);
    const errors = all
      .filter((one) => !isGood(one))
      .map(({ email_address }) => ({
        email_address,
        error: "Invalid email",
        error_code: "ERROR_GENERIC",
      }));
    const counts = { total_created: created.length, total_updated: 0, error_count: errors.length };
    return jsonReply(200, { new_members: created, updated_members: [], errors, ...counts });
  });
}

function startBatch({ body: { operations } }: Asked): Call | Failure {
  const count = Array.isArray(operations) ? operations.length : 0;
  if (count === 0 || count > MAX_OPERATIONS) {
    return badRequest(`operations: between 1 and ${MAX_OPERATIONS} are allowed.`);
  }
  return call("batches", (answer) =>
    jsonReply(200, batchOf(answer.id.slice(-10), "pending", count, answer)),
  );
}

function batchOf(id: string, status: string, operations: number, answer: Answer): object {
  const isFinished = status === "finished";
  return {
    id,
    status,
    total_operations: operations,
    finished_operations: isFinished ? operations : 0,
    errored_operations: 0,
    submitted_at: momentOf(answer),
    completed_at: isFinished ? momentOf(answer) : "",
    response_body_url: "",
  };
}

function listed(name: string, entries: readonly object[]): Reply {
  return jsonReply(200, { [name]: entries, total_items: entries.length });
}
