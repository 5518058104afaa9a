/** Eligible: which of an alias's candidates a request may go to, and what it is then. */
import type { CandidateConfig, Config } from "../../config/config.ts";
import { MICROS_PER_SECOND } from "../../core/clock.ts";
import type { Dialect, WireFormat } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ChatFormat } from "../../translate/translation.ts";
import { chatFormatOf } from "../../translate/translators.ts";
import { mayUseModel } from "../policy/tenant-directory.ts";
import { unclaimed } from "../request/body.ts";
import { type Ranking, rankCandidates } from "../route/rank-candidates.ts";
import { translateRequest } from "../translate/translate-request.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { CandidateRequest } from "./candidate-planner.ts";
import type { RuntimeRequest } from "./runtime-request.ts";

const NOBODY: Ranking<CandidateConfig> = { best: [], smaller: [] };

/**
 * The ranked candidates of the alias that was asked for; none where the name is no alias.
 *
 * @throws SluiceError `model_not_found` when all are below the quality that is asked for.
 */
export function rankedCandidates(
  request: RuntimeRequest,
  { models }: Config,
  minQuality: number | null,
): Ranking<CandidateConfig> {
  const asked = request.model?.asked;
  const listed = asked === undefined ? undefined : models.get(asked);
  if (listed === undefined) return NOBODY;
  const { upstream, isPinned } = request;
  const eligible = isPinned ? listed.filter((one) => one.upstream === upstream.name) : listed;
  const ranking = rankCandidates(eligible, minQuality);
  if (ranking.best.length > 0 || eligible.length === 0) return ranking;
  const words = `no candidate of ${JSON.stringify(asked)} has a quality of ${minQuality} or more`;
  throw new SluiceError("model_not_found", words);
}

/**
 * The request as it goes to a candidate: renamed, and translated where it speaks another format.
 *
 * @throws SluiceError when it may not go there, or not without a loss.
 */
export function requestFor(
  request: RuntimeRequest,
  { upstream: name, model }: Pick<CandidateConfig, "upstream" | "model">,
  upstreams: ReadonlyMap<string, Upstream>,
  isSmaller: boolean,
): CandidateRequest {
  const upstream = upstreams.get(name);
  const asked = request.model?.asked ?? model;
  if (upstream === undefined) throw new SluiceError("model_not_found", `there is no ${name}`);
  if (!mayUseModel(request.tenant, asked, model)) {
    throw new SluiceError("forbidden", `tenant ${request.tenant.id} may not use ${asked}`);
  }
  const renamed = { ...request, upstream, model: { asked, sent: model }, isSmaller };
  return speaksAsAsked(request, upstream) ? renamed : translated(renamed, upstream);
}

/** Whoever names an upstream speaks its language. */
export function speaksAsAsked(
  { path, isPinned }: Pick<RuntimeRequest, "path" | "isPinned">,
  { dialect }: Upstream,
): boolean {
  const client = isPinned === true ? null : wireFormatAsked(pathOf(path));
  return client === null || dialect.wireFormat === null || client === dialect.wireFormat;
}

/** Paths that only servers of one format have, below a base URL. */
const OPENAI_PATHS =
  /^(?:\/v\d+)?\/(?:chat\/completions|completions|responses|embeddings|images|audio|moderations)(?:\/|$)/;
const ANTHROPIC_PATHS = /^(?:\/v\d+)?\/(?:messages|complete)(?:\/|$)/;

/** Null: nobody knows. */
function wireFormatAsked(path: string): WireFormat | null {
  const chat = chatFormatOf(path);
  if (chat === "openai-chat" || OPENAI_PATHS.test(path)) return "openai";
  return chat !== null || ANTHROPIC_PATHS.test(path) ? "anthropic" : null;
}

/** Null: a format that nothing is translated into. */
function formatOf({ wireFormat }: Dialect): ChatFormat | null {
  if (wireFormat === "openai") return "openai-chat";
  return wireFormat === "anthropic" ? "anthropic-messages" : null;
}

function translated(request: CandidateRequest, { name, dialect }: Upstream): CandidateRequest {
  const { path, headers, body, model, arrivedAt } = request;
  const provider = formatOf(dialect);
  const isChat = chatFormatOf(pathOf(path)) !== null;
  if (!isChat || provider === null || body === null || model === null) {
    throw new SluiceError("invalid_request", `${name} does not speak the format of this request`);
  }
  const createdAtSeconds = Math.floor(arrivedAt / MICROS_PER_SECOND);
  const asked = { path: pathOf(path), headers, body: unclaimed(body) };
  const other = translateRequest(asked, provider, dialect, model.sent, createdAtSeconds);
  const named = { ...other.body, model: model.sent };
  const sent = { asked: model.sent, sent: model.sent };
  return { ...request, ...other, body: named, bytes: JSON.stringify(named), model: sent };
}

function pathOf(path: string): string {
  return path.split("?")[0];
}
