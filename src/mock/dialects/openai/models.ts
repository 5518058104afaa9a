/** OpenAI's list of models; any other name is found too, but for the unknown ones. */
import { type Failure, isUnknownModel, jsonReply, type Reply } from "../../failure.ts";

const MODELS = [
  "gpt-5",
  "gpt-5-mini",
  "gpt-4o",
  "gpt-4o-mini",
  "text-embedding-3-small",
  "text-embedding-3-large",
];
const CREATED = 1_735_689_600;

export function listOpenaiModels(): Reply {
  return jsonReply(200, { object: "list", data: MODELS.map(modelOf) });
}

export function findOpenaiModel(id: string): Reply | Failure {
  return isUnknownModel(id) ? { kind: "unknown-model", model: id } : jsonReply(200, modelOf(id));
}

function modelOf(id: string): object {
  return { id, object: "model", created: CREATED, owned_by: "openai" };
}
