/** Eligible: which of an alias's candidates a request may go to, and what it is then. */
import type { CandidateConfig, Config } from "../../config/config.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ChatFormat } from "../../translate/translation.ts";
import { chatFormatOf } from "../../translate/translators.ts";
import { mayUseModel } from "../policy/tenant-directory.ts";
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

/** The request as it goes to a candidate; null: it cannot go there without a loss, or may not. */
export function requestFor(
  request: RuntimeRequest,
  { upstream: name, model }: CandidateConfig,
  upstreams: ReadonlyMap<string, Upstream>,
  isSmaller: boolean,
): CandidateRequest | null {
  const upstream = upstreams.get(name);
  const asked = request.model?.asked;
  if (upstream === undefined || asked === undefined) return null;
  if (!mayUseModel(request.tenant, asked, model)) return null;
  const renamed = { ...request, upstream, model: { asked, sent: model }, isSmaller };
  const { wireFormat } = upstream.dialect;
  if (wireFormat === request.upstream.dialect.wireFormat) return renamed;
  const provider = CHAT_FORMATS[wireFormat as keyof typeof CHAT_FORMATS];
  return provider === undefined ? null : translated(renamed, provider);
}

const CHAT_FORMATS = { openai: "openai-chat", anthropic: "anthropic-messages" } as const;

function translated(request: CandidateRequest, provider: ChatFormat): CandidateRequest | null {
  const { path, headers, body, model, arrivedAt } = request;
  if (body === null || model === null || chatFormatOf(path.split("?")[0]) === null) return null;
  const createdAtSeconds = Math.floor(arrivedAt / 1_000_000);
  const other = translateRequest({ path, headers, body }, provider, model.sent, createdAtSeconds);
  if (other === null) return null;
  const named = { ...other.body, model: model.sent };
  return {
    ...request,
    ...other,
    body: named,
    bytes: JSON.stringify(named),
    model: sameName(model),
  };
}

/** The translated body has the name in it already. */
function sameName({ sent }: { readonly sent: string }): {
  readonly asked: string;
  readonly sent: string;
} {
  return { asked: sent, sent };
}
