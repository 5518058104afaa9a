/** What method and path alone say about a call: the same for every dialect. */
import type { JsonObject, Operation, RequestView } from "../../core/dialect.ts";
import { textIn } from "./json-fields.ts";

/** RFC 9110, section 9.2.2: these methods may be repeated. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** A longer name is no model; it would only bloat what is kept per model. */
const LONGEST_MODEL_NAME = 256;
/** Azure names the model as a deployment in the path. */
const DEPLOYMENT = /\/deployments\/([^/]{1,256})\//;

export function isIdempotent(request: RequestView): boolean {
  return IDEMPOTENT.has(request.method.toUpperCase());
}

/** A POST whose path ends with one of `endings`. */
export function postsTo(request: RequestView, endings: readonly string[]): boolean {
  if (request.method.toUpperCase() !== "POST") return false;
  const path = request.path.endsWith("/") ? request.path.slice(0, -1) : request.path;
  return endings.some((ending) => path.endsWith(ending));
}

/** The model that the path, or else the body, names. */
export function modelOf(
  path: string,
  body: JsonObject | null,
): Pick<Operation, "model" | "isModelInPath"> {
  const deployment = DEPLOYMENT.exec(path)?.[1];
  if (deployment !== undefined) return { model: deployment, isModelInPath: true };
  const name = textIn(body?.["model"]);
  return { model: name !== null && name.length <= LONGEST_MODEL_NAME ? name : null };
}
