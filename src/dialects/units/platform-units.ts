/** Platform units: what a platform counts beside requests, as a profile, and the ledger made of it. */
import type { Units } from "../../core/demand.ts";
import type { JsonObject, RequestView, UnitLedger, UnitsTold } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { isObject } from "../body/json-fields.ts";

export interface PlatformUnits {
  /** As limits name them. */
  readonly names: readonly string[];
  /** How many a call will take, as far as its request tells. */
  readonly foresee: (request: RequestView) => Units;
  /** Calls with the same text take alike; absent: requests tell all there is to know. */
  readonly shapeOf?: (request: RequestView) => string | null;
  readonly answer?: UnitAnswer;
  /** What an answer without any told amounts has taken; absent: what was foreseen. */
  readonly failed?: (foreseen: Units, verdict: Verdict) => Units;
}

/** Where an answer's body tells what was counted. */
export interface UnitAnswer {
  readonly field: string;
  /** From that field's object; null: it tells nothing. */
  readonly read: (told: JsonObject, receivedAtMs: number) => CountedUnits | null;
}

export interface CountedUnits extends UnitsTold {
  /** What was taken in the end; null: only limits were told. */
  readonly counted: Units | null;
}

export function unitLedger({ names, shapeOf, answer }: PlatformUnits): UnitLedger {
  return {
    names,
    shapeOf: shapeOf ?? (() => null),
    told: (body, receivedAtMs) => countedIn(answer, body, receivedAtMs),
  };
}

export function countedIn(
  answer: UnitAnswer | undefined,
  body: unknown,
  receivedAtMs: number,
): CountedUnits | null {
  const told = answer === undefined || !isObject(body) ? null : nested(body, answer.field);
  return told === null || answer === undefined ? null : answer.read(told, receivedAtMs);
}

/** The field itself, or the one inside `extensions`, where GraphQL puts it. */
function nested(body: JsonObject, field: string): JsonObject | null {
  const { extensions } = body;
  const value = body[field] ?? (isObject(extensions) ? extensions[field] : null);
  return isObject(value) ? value : null;
}
