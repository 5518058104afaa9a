/** Field rules: what becomes of each field of a format; a field without a rule makes a request ineligible. */
import type { JsonObject } from "../../core/dialect.ts";
import type { Findings } from "../untranslatable.ts";

/**
 * `same`: same name and meaning. `renamed`: same meaning. `converted`: by code, which may find a value untranslatable.
 * `ignorable`: no effect on the answer, left out. `untranslatable`: no counterpart, except for the values in `unless`.
 */
export type Treatment = "same" | "renamed" | "converted" | "ignorable" | "untranslatable";

export interface FieldRule {
  readonly treatment: Treatment;
  /** What it becomes, or why it cannot. */
  readonly note: string;
  /** Values that ask for nothing: with them the field is left out. Null always is one. */
  readonly unless?: readonly unknown[];
}

export type FieldRules = Readonly<Record<string, FieldRule>>;

export function same(note = "the same"): FieldRule {
  return { treatment: "same", note };
}

export function renamed(note: string): FieldRule {
  return { treatment: "renamed", note };
}

export function converted(note: string): FieldRule {
  return { treatment: "converted", note };
}

export function ignorable(note: string): FieldRule {
  return { treatment: "ignorable", note };
}

export function untranslatable(note: string, unless: readonly unknown[] = []): FieldRule {
  return { treatment: "untranslatable", note, unless };
}

/** Names every field that has no counterpart, and every field that nobody has decided on. */
export function checkFields(
  object: JsonObject,
  rules: FieldRules,
  path: string,
  findings: Findings,
): void {
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : null;
    const field = path === "" ? name : `${path}.${name}`;
    if (rule === null) findings.add(field, "this field is not known");
    else if (rule.treatment === "untranslatable" && !asksForNothing(rule, value)) {
      findings.add(field, rule.note);
    }
  }
}

function asksForNothing({ unless = [] }: FieldRule, value: unknown): boolean {
  const written = JSON.stringify(value);
  return unless.some((one) => JSON.stringify(one) === written);
}
