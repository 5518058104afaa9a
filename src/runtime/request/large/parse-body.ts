/** Parse body: a request's JSON; a large one between other work, so that nobody waits for it. */
import { setImmediate } from "node:timers/promises";
import type { JsonObject } from "../../../core/dialect.ts";
import { isJsonObject, parseJsonObject, requireObject } from "../body.ts";
import { DEEPEST_BODY, isNestedDeeper } from "./nesting.ts";
import { readPiecewise } from "./piecewise.ts";

/** JSON.parse takes up to 10 ms for it. */
const LARGE_BYTES = 2_000_000;
/** So long it reads before it lets others go on. */
const TURN_MS = 3;

/** A JSON object's bytes as an object; null if it is no JSON object, or nested deeper than {@link DEEPEST_BODY}. */
export async function parseBody(bytes: Uint8Array): Promise<JsonObject | null> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isNestedDeeper(view, DEEPEST_BODY)) return null;
  return bytes.length <= LARGE_BYTES ? parseJsonObject(bytes) : await parseInTurns(view);
}

/**
 * The fields of a request to Sluice itself; none where there is no body.
 *
 * @throws SluiceError `invalid_request` when it is no JSON object.
 */
export async function parseFields(bytes: Uint8Array): Promise<JsonObject> {
  return bytes.length === 0 ? {} : requireObject(await parseBody(bytes));
}

async function parseInTurns(bytes: Buffer): Promise<JsonObject | null> {
  const reading = readPiecewise(bytes);
  try {
    for (;;) {
      const endsAt = performance.now() + TURN_MS;
      do {
        const step = reading.next();
        if (step.done) return isJsonObject(step.value) ? step.value : null;
      } while (performance.now() < endsAt);
      await setImmediate();
    }
  } catch {
    return null;
  }
}
