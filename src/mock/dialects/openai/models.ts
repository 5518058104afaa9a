/** OpenAI's models, of which it lists a few. */

export const OPENAI_MODELS = [
  "gpt-5",
  "gpt-5-mini",
  "gpt-4o",
  "gpt-4o-mini",
  "text-embedding-3-small",
  "text-embedding-3-large",
];
const CREATED = 1_735_689_600;

export function openaiModel(id: string): object {
  return { id, object: "model", created: CREATED, owned_by: "openai" };
}
