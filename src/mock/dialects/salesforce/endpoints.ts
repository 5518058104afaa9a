/** Salesforce's REST API: records one by one, in collections of 200, queries and limits. */
import { type Answer, type Body, type Books, type Call, isBody } from "../../answer/call.ts";
import { badRequest, type Failure, jsonReply, type Reply } from "../../failure.ts";
import { leastLeft, unitsLeft } from "../../limits/meter.ts";
import type { Asked, Endpoint } from "../platform/endpoints.ts";
import { platformCall } from "../platform/platform-call.ts";

const MAX_RECORDS = 200;
const MAX_SUBREQUESTS = 25;
const ROOT = "/services/data/{version}";
const NO_CONTENT: Reply = { status: 204, headers: {}, body: "" };

export const SALESFORCE_ENDPOINTS: readonly Endpoint[] = [
  { at: `GET ${ROOT}/limits`, read: () => call("limits", (_, books) => limitsReply(books())) },
  { at: `GET ${ROOT}/query`, read: query },
  { at: `POST ${ROOT}/composite/sobjects`, read: collection },
  { at: `PATCH ${ROOT}/composite/sobjects`, read: collection },
  { at: `PATCH ${ROOT}/composite/sobjects/{type}/{field}`, read: collection },
  { at: `POST ${ROOT}/composite`, read: composite },
  {
    at: `POST ${ROOT}/sobjects/{type}`,
    read: () => call("sobjects", (answer) => jsonReply(201, saved(answer, 0))),
  },
  { at: `GET ${ROOT}/sobjects/{type}/{id}`, read: retrieve },
  { at: `PATCH ${ROOT}/sobjects/{type}/{id}`, read: () => call("sobjects", () => NO_CONTENT) },
  { at: `DELETE ${ROOT}/sobjects/{type}/{id}`, read: () => call("sobjects", () => NO_CONTENT) },
  {
    at: `PATCH ${ROOT}/sobjects/{type}/{field}/{value}`,
    read: () =>
      call("sobjects", (answer) => jsonReply(200, { ...saved(answer, 0), created: false })),
  },
];

function call(endpoint: string, whole: (answer: Answer, books: () => Books) => Reply): Call {
  return platformCall(endpoint, { taken: { rpd: 1 } }, whole);
}

function query({ query: asked }: Asked): Call | Failure {
  if (!asked.get("q")) return badRequest("a query has to be given", null, "MALFORMED_QUERY");
  return call("query", (answer) => {
    const attributes = {
      type: "Account",
      url: `/services/data/v60.0/sobjects/Account/${idOf(answer, 0)}`,
    };
    const records = [{ attributes, Id: idOf(answer, 0), Name: "mock" }];
    return jsonReply(200, { totalSize: records.length, done: true, records });
  });
}

function retrieve({ places: [, type, id] }: Asked): Call | Failure {
  if (id.includes("missing")) return { kind: "unknown-model", model: id };
  return call("sobjects", () => jsonReply(200, { attributes: { type }, Id: id, Name: "mock" }));
}

/** A record without a type fails alone, under status 200. */
function collection({ body: { records } }: Asked): Call | Failure {
  const all = Array.isArray(records) ? records.filter(isBody) : [];
  if (all.length === 0) return badRequest("No records given", null, "INVALID_INPUT");
  if (all.length > MAX_RECORDS) {
    const most = `record limit reached. cannot submit more than ${MAX_RECORDS} records into this call`;
    return badRequest(most, null, "EXCEEDED_ID_LIMIT");
  }
  return call("collections", (answer) =>
    jsonReply(
      200,
      all.map((record, i) => (typeOf(record) ? saved(answer, i) : unsaved())),
    ),
  );
}

function composite({ body: { compositeRequest } }: Asked): Call | Failure {
  const all = Array.isArray(compositeRequest) ? compositeRequest.filter(isBody) : [];
  if (all.length === 0 || all.length > MAX_SUBREQUESTS) {
    return badRequest(`Provide 1 to ${MAX_SUBREQUESTS} subrequests.`, null, "LIMIT_EXCEEDED");
  }
  return call("composite", (answer) => {
    const compositeResponse = all.map(({ referenceId }, i) => ({
      body: saved(answer, i),
      httpHeaders: {},
      httpStatusCode: 201,
      referenceId,
    }));
    return jsonReply(200, { compositeResponse });
  });
}

function limitsReply({ meters }: Books): Reply {
  const day = leastLeft(meters, ["rpd"]);
  const DailyApiRequests = day && { Max: day.capacity, Remaining: unitsLeft(day) };
  return jsonReply(200, { DailyApiRequests });
}

function saved(answer: Answer, index: number): object {
  return { id: idOf(answer, index), success: true, errors: [] };
}

function unsaved(): object {
  const message = "Entity type is missing";
  return { success: false, errors: [{ statusCode: "INVALID_TYPE", message, fields: [] }] };
}

function typeOf({ attributes }: Body): unknown {
  return isBody(attributes) ? attributes.type : undefined;
}

/** 18 characters: three for the type, the rest of the request's id and the record's place. */
function idOf({ id }: Answer, index: number): string {
  return `001${id.slice(-12)}${String(index).padStart(3, "0")}`;
}
