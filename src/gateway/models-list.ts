/** Models list: `GET /v1/models`, what the tenant may use, in the form of the client's SDK. */
import type { Config } from "../config/config.ts";
import { SluiceError } from "../core/errors.ts";
import { mayUseModel, type TenantRecord } from "../runtime/policy/tenant-directory.ts";
import { identify } from "../runtime/request/identity.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type RequestContext, sendJson } from "./request-context.ts";

/** Models have no known birthday here; SDKs want a number. */
const CREATED_SECONDS = 0;
const CREATED_AT = "1970-01-01T00:00:00Z";

interface ListedModel {
  readonly id: string;
  readonly owner: string;
}

/** Aliases, the models behind them, and those that limits name outright. */
export function listModels({ models, upstreams }: Config, tenant: TenantRecord): ListedModel[] {
  const owners = new Map<string, string>();
  for (const [alias, [first]] of models) owners.set(alias, first.upstream);
  for (const { upstream, model } of [...models.values()].flat()) {
    if (!owners.has(model)) owners.set(model, upstream);
  }
  for (const upstream of upstreams.values()) {
    for (const { selector } of upstream.limits ?? []) {
      for (const name of selector.models ?? []) {
        if (!name.includes("*") && !owners.has(name)) owners.set(name, upstream.name);
      }
    }
  }
  return [...owners]
    .map(([id, owner]) => ({ id, owner }))
    .filter(({ id }) => mayUseModel(tenant, id));
}

export function handleModels(context: RequestContext, runtime: Runtime): undefined {
  const { config, directory } = runtime;
  const { tenant } = identify(context.headers, directory, config.server.trustHeaders);
  const models = listModels(config, tenant);
  const id = decoded(context.path.slice("/v1/models".length).replace(/^\//, ""));
  const isAnthropic = context.headers["anthropic-version"] !== undefined;
  const inForm = (model: ListedModel): unknown =>
    isAnthropic ? anthropicModel(model) : openaiModel(model);
  if (id !== "") {
    const model = models.find((one) => one.id === id);
    if (!model)
      throw new SluiceError("model_not_found", `no model ${JSON.stringify(id.slice(0, 200))}`);
    sendJson(context, 200, inForm(model));
    return;
  }
  const data = models.map(inForm);
  const paging = {
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
  sendJson(context, 200, isAnthropic ? { data, ...paging } : { object: "list", data });
}

/** What is no valid encoding is the name of no model. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function openaiModel({ id, owner }: ListedModel) {
  return { id, object: "model", created: CREATED_SECONDS, owned_by: owner };
}

function anthropicModel({ id }: ListedModel) {
  return { type: "model", id, display_name: id, created_at: CREATED_AT };
}
