/** Compatible: makes a dialect of a provider that speaks OpenAI's API, from a profile of what it does in its own way. */
import type { CredentialHeader, Dialect, Operation, RequestView } from "../../core/dialect.ts";
import { isObject } from "../body/json-fields.ts";
import { postsTo } from "../body/request-path.ts";
import { withAmounts } from "../hints/rate-reading.ts";
import { openAiReadings } from "../openai/limits.ts";
import { createOpenAiStreamReader } from "../openai/stream.ts";
import { openAiUsage } from "../openai/usage.ts";
import { openAiOperation } from "../openai.ts";
import { readStreamError } from "../verdicts/read-verdict.ts";
import { readVerdictOrStream } from "../verdicts/stream-verdict.ts";
import type { OwnRules, VerdictRules } from "../verdicts/verdict-rules.ts";
import { ledgerForecast, settleLedger, type TokenLedger } from "./token-ledger.ts";

export interface CompatibleProfile {
  readonly name: string;
  readonly ledger: TokenLedger;
  /** Absent: a bearer token. */
  readonly credentialHeader?: CredentialHeader;
  /** What a path needs in its query; absent: nothing. */
  readonly defaultQuery?: Dialect["defaultQuery"];
  /** Limits in headers; absent: `x-ratelimit-*` as OpenAI writes them, or any of their relatives. */
  readonly readings?: VerdictRules["readings"];
  /** What its errors mean beyond the common grammar. */
  readonly rules?: OwnRules;
  /** Endings of further paths that generate. */
  readonly generating?: readonly string[];
  /** Usage from a `usage` object; absent: as OpenAI reports it. */
  readonly usage?: typeof openAiUsage;
  /** Its errors may come under a success status. */
  readonly failsUnderSuccess?: true;
  /** It does not know `max_completion_tokens`: it refuses it, or sets no bound. */
  readonly takesMaxTokensAlone?: true;
  /** Its streams tell usage without being asked, or cannot be asked. */
  readonly streamsUsageUnasked?: true;
}

export function compatible(profile: CompatibleProfile): Dialect {
  const { name, ledger, readings = openAiReadings, usage = openAiUsage } = profile;
  const rules: VerdictRules = { ...profile.rules, readings };
  const streamReader = () =>
    createOpenAiStreamReader((error) => readStreamError(error, rules), usage);
  return {
    name,
    wireFormat: "openai",
    credentialHeader: profile.credentialHeader ?? { name: "authorization", prefix: "Bearer " },
    defaultQuery: profile.defaultQuery,
    takesMaxTokensAlone: profile.takesMaxTokensAlone,
    streamsUsageOnRequest: profile.streamsUsageUnasked !== true,
    failsUnderSuccess: profile.failsUnderSuccess === true,
    usageFields: ["usage"],
    chargesReservedOutput: ledger.counted === "taken" ? true : undefined,
    operation: (request) => operationOf(request, profile.generating ?? []),
    forecast: (request, operation, guess) => ledgerForecast(ledger, request.body, operation, guess),
    limits: (headers, receivedAtMs) => withAmounts(readings(headers, receivedAtMs)),
    verdict: (response) => readVerdictOrStream(response, rules, streamReader),
    usage: (body) => (isObject(body) ? usage(body["usage"]) : null),
    streamReader,
    settle: (forecast, end) => settleLedger(ledger, forecast, end),
  };
}

function operationOf(request: RequestView, generating: readonly string[]): Operation {
  const operation = openAiOperation(request);
  if (operation.kind !== "other" || !postsTo(request, generating)) return operation;
  return { ...operation, kind: "generate", retrySafe: true };
}
