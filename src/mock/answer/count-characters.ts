/** Counts the characters of a request that its token estimate is made of. */

/** Where text is found in messages and their parts, in all the forms the mock speaks. */
const TEXT_FIELDS = ["text", "content", "arguments", "output", "function", "tool_calls"];
/** A request nested deeper than this says nothing more; it also must not exhaust the stack. */
const MAX_DEPTH = 16;

/** Characters of a string, or of all text inside a message, a part or a list of them. Images count 0. */
export function charactersIn(value: unknown, depth = 0): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return 0;
  if (Array.isArray(value)) return sumOf(value, (item) => charactersIn(item, depth + 1));
  const fields = value as Record<string, unknown>;
  const text = sumOf(TEXT_FIELDS, (field) => charactersIn(fields[field], depth + 1));
  return text + charactersInJson(fields.type === "tool_use" ? fields.input : undefined);
}

/** Tools and tool inputs count as their JSON. */
export function charactersInJson(value: unknown): number {
  return value === undefined || value === null ? 0 : JSON.stringify(value).length;
}

function sumOf<T>(items: readonly T[], count: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += count(item);
  return sum;
}
