/** Records: how many records, or operations, one call of a platform carries. */
import type { JsonObject, RequestView } from "../../core/dialect.ts";
import { isObject } from "../body/json-fields.ts";
import type { PlatformUnits } from "./platform-units.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

export function isRead({ method }: RequestView): boolean {
  return READS.has(method.toUpperCase());
}

/** The length of the list at `path`, fields joined by dots; null: there is none. */
export function lengthAt(body: JsonObject | null, path: string): number | null {
  let value: unknown = body;
  for (const field of path.split(".")) value = isObject(value) ? value[field] : null;
  return Array.isArray(value) ? value.length : null;
}

/**
 * A platform whose calls carry records in one of these lists. A call that writes without one carries
 * one record; what is read is not counted.
 */
export function recordsIn(...lists: readonly string[]): PlatformUnits {
  return {
    names: ["records"],
    foresee: (request) => ({ records: isRead(request) ? 0 : recordsOf(request, lists) }),
  };
}

function recordsOf({ body }: RequestView, lists: readonly string[]): number {
  for (const list of lists) {
    const length = lengthAt(body, list);
    if (length !== null) return length;
  }
  return 1;
}
