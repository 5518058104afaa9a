/** Convert LiteLLM: its deployments as upstreams, limits and aliases, and a list of what has no place here. */
import type { LitellmConfig, LitellmDeployment } from "./parse.ts";
import { PROVIDERS, splitModel } from "./providers.ts";

interface Limit {
  readonly model: string;
  rpm?: number;
  tpm?: number;
  max_parallel_requests?: number;
}

interface Upstream {
  readonly dialect: string;
  readonly base_url: string;
  api_key?: string;
  limits?: Limit[];
}

interface Candidate {
  readonly upstream: string;
  readonly model: string;
}

export interface Converted {
  /** Shaped as sluice.yaml. */
  readonly config: object;
  /** In words, one item a setting. */
  readonly leftOut: readonly string[];
}

interface Draft {
  readonly upstreams: Map<string, Upstream>;
  /** Account (provider, base URL and key) -> name of its upstream. */
  readonly accounts: Map<string, string>;
  readonly models: Map<string, Candidate[]>;
  readonly leftOut: Set<string>;
}

export function convertLitellm(litellm: LitellmConfig): Converted {
  const draft: Draft = {
    upstreams: new Map(),
    accounts: new Map(),
    models: new Map(),
    leftOut: new Set(),
  };
  for (const deployment of litellm.model_list) addDeployment(draft, deployment);
  addFallbacks(draft, litellm);
  noteSettings(draft, litellm);
  const retries = litellm.router_settings?.num_retries ?? litellm.litellm_settings?.num_retries;
  const config = {
    upstreams: Object.fromEntries(draft.upstreams),
    ...(draft.models.size > 0 ? { models: Object.fromEntries(draft.models) } : {}),
    ...(retries === undefined ? {} : { retry: { attempts: retries + 1 } }),
  };
  return { config, leftOut: [...draft.leftOut] };
}

function addDeployment(draft: Draft, deployment: LitellmDeployment): void {
  const { model_name: alias, litellm_params: params } = deployment;
  noteDeployment(draft, deployment);
  const { provider, model } = splitModel(params.model);
  const upstream = upstreamFor(draft, provider, params);
  if (upstream === undefined) {
    draft.leftOut.add(`${alias}: ${params.model} (unknown provider, or no api_base)`);
    return;
  }
  addLimit(draft, upstream, model, params);
  // A wildcard is no alias: an upstream takes any model as `<upstream>/<model>`.
  if (alias.includes("*")) return;
  const candidates = draft.models.get(alias) ?? [];
  draft.models.set(alias, candidates);
  appendNew(candidates, [{ upstream, model }]);
}

type Params = LitellmDeployment["litellm_params"];

/** One upstream an account: LiteLLM repeats base URL and key with every deployment. */
function upstreamFor(draft: Draft, provider: string, params: Params): string | undefined {
  const known = PROVIDERS[provider] ?? { dialect: "openai-compatible", baseUrl: null };
  const baseUrl = params.api_base ? variableOr(params.api_base) : known.baseUrl;
  if (baseUrl === null) return undefined;
  const account = JSON.stringify([provider, baseUrl, params.api_key ?? null]);
  const existing = draft.accounts.get(account);
  if (existing !== undefined) return existing;
  const name = freeName(draft, provider);
  const apiKey = params.api_key ? keyVariable(draft, name, params.api_key) : undefined;
  const upstream: Upstream = { dialect: known.dialect, base_url: baseUrl };
  if (apiKey !== undefined) upstream.api_key = apiKey;
  draft.accounts.set(account, name);
  draft.upstreams.set(name, upstream);
  return name;
}

function freeName({ upstreams }: Draft, provider: string): string {
  const base = provider
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 32);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!upstreams.has(name)) return name;
  }
}

/** `os.environ/NAME` -> `${NAME}`. */
function variableOr(value: string): string {
  const [, name] = /^os\.environ\/(\w+)$/.exec(value) ?? [];
  return name === undefined ? value : `\${${name}}`;
}

/** A key that stands in the file itself is not copied into another file. */
function keyVariable(draft: Draft, upstream: string, value: string): string {
  const variable = variableOr(value);
  if (variable !== value) return variable;
  const name = `${upstream.toUpperCase().replaceAll("-", "_")}_API_KEY`;
  draft.leftOut.add(`the key of ${upstream}, which stood in the file: set ${name}`);
  return `\${${name}}`;
}

function addLimit(draft: Draft, name: string, model: string, params: Params): void {
  const { rpm, tpm, max_parallel_requests } = params;
  const amounts = Object.entries({ rpm, tpm, max_parallel_requests });
  const written = amounts.filter(([, amount]) => amount !== undefined);
  const upstream = draft.upstreams.get(name);
  if (written.length === 0 || upstream === undefined) return;
  upstream.limits ??= [];
  upstream.limits.push({ model, ...Object.fromEntries(written) });
}

/** A fallback's candidates come after a model's own. */
function addFallbacks(draft: Draft, { router_settings, litellm_settings }: LitellmConfig): void {
  const own = new Map([...draft.models].map(([alias, candidates]) => [alias, [...candidates]]));
  const rules = [...(router_settings?.fallbacks ?? []), ...(litellm_settings?.fallbacks ?? [])];
  for (const [alias, targets] of rules.flatMap((rule) => Object.entries(rule))) {
    const candidates = draft.models.get(alias);
    for (const target of targets) {
      const more = own.get(target);
      if (candidates !== undefined && more !== undefined) appendNew(candidates, more);
      else draft.leftOut.add(`the fallback from ${alias} to ${target}`);
    }
  }
}

function appendNew(candidates: Candidate[], more: readonly Candidate[]): void {
  for (const one of more) {
    const isKnown = candidates.some((c) => c.upstream === one.upstream && c.model === one.model);
    if (!isKnown) candidates.push(one);
  }
}

const CARRIED = ["model", "api_base", "api_key", "rpm", "tpm", "max_parallel_requests"];

function noteDeployment(draft: Draft, { litellm_params, ...rest }: LitellmDeployment): void {
  for (const name of Object.keys(litellm_params)) {
    if (!CARRIED.includes(name)) draft.leftOut.add(`litellm_params.${name}`);
  }
  for (const name of Object.keys(rest)) if (name !== "model_name") draft.leftOut.add(name);
}

function noteSettings(draft: Draft, { model_list: _, ...sections }: LitellmConfig): void {
  for (const [section, value] of Object.entries(sections)) {
    const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
    for (const name of isMapping ? Object.keys(value) : [""]) {
      const isCarried = section !== "general_settings" && /^(fallbacks|num_retries)$/.test(name);
      if (!isCarried) draft.leftOut.add(name === "" ? section : `${section}.${name}`);
    }
  }
}
