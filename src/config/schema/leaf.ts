/** Leaf: builds the schema of one value from a reader, a sentence on what is allowed and its JSON Schema. */
import { z } from "zod";

export interface LeafOptions<T> {
  /** Completes "expected ...". */
  readonly expected: string | ((value: unknown) => string);
  /** The value in the form the program uses; undefined: not allowed. */
  readonly read: (value: unknown) => T | undefined;
  /** JSON Schema keywords for the value as it is written. */
  readonly json: Readonly<Record<string, unknown>>;
}

export type Leaf<T> = z.ZodPipe<z.ZodUnknown, z.ZodTransform<T, unknown>>;

export function leaf<T>({ expected, read, json }: LeafOptions<T>): Leaf<T> {
  const transform = (value: unknown, context: z.core.$RefinementCtx): T => {
    const result = read(value);
    if (result !== undefined) return result;
    const message = typeof expected === "string" ? expected : expected(value);
    context.issues.push({ code: "custom", message, input: value });
    return z.NEVER;
  };
  return z.unknown().transform(transform).meta(json);
}

/** A mapping that has these fields and no others. */
export function strict<S extends z.ZodRawShape>(shape: S) {
  const names = Object.keys(shape).join(", ");
  // The message on unknown fields is the list of known ones: issue-findings.ts makes the sentence.
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? names : `a mapping with ${names}`),
  });
}

/** Mappings told apart by their `kind`. */
export function oneOfKinds<
  const T extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(kinds: T, names: readonly string[]) {
  const error = (issue: z.core.$ZodRawIssue) =>
    issue.code === "invalid_type"
      ? `a mapping, such as { kind: ${names[0]} }`
      : `one of ${names.join(", ")}`;
  return z.discriminatedUnion("kind", kinds, { error });
}

/** A mapping all of whose fields have defaults; absent or empty (`server:`) it is all defaults. */
export function section<S extends z.ZodRawShape>(shape: S) {
  const fields = strict(shape);
  return fields
    .nullish()
    .transform((value) => value ?? (fields.parse({}) as z.output<typeof fields>));
}

/** A mapping from names to `entry`; absent or empty it has none. */
export function named<T extends z.ZodType>(entry: T, what: string) {
  const record = z.record(z.string(), entry, { error: `a mapping from names to ${what}` });
  return record.nullish().transform((value) => value ?? {});
}

export function listOf<T extends z.ZodType>(item: T, what: string) {
  return z.array(item, { error: `a list of ${what}` });
}
