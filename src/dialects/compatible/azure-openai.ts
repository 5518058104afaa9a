/** Azure OpenAI: OpenAI's API by deployment, limits by prompt + max_tokens, headers that often say they do not know. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { MINUTE_MS } from "../hints/rate-reading.ts";
import { openAiReadings } from "../openai/limits.ts";
import { compatible } from "./compatible.ts";

/** learn.microsoft.com, "API version lifecycle": the latest that is generally available. `/openai/v1` needs none. */
const API_VERSION = "2024-10-21";
const DEPLOYMENT = /\/openai\/deployments\//;

export const azureOpenAi = compatible({
  name: "azure-openai",
  credentialHeader: { name: "api-key", prefix: "" },
  defaultQuery: (pathname) => (DEPLOYMENT.test(pathname) ? `api-version=${API_VERSION}` : null),
  // learn.microsoft.com, quota: "prompt text, max_tokens and best_of" are added up when a request comes.
  ledger: { output: "most", counted: "taken" },
  readings,
  rules: {
    statuses: new Map([[409, "transient"]]),
    prose: [
      { class: "billing", pattern: /exceeded your current quota/ },
      // API Management in front answers 403 where a quota, not a rate, is used up.
      { class: "quota", pattern: /out of call volume quota|quota (?:is|has been) exceeded/ },
    ],
    // `DeploymentRatelimit-Token` names the limit that bound.
    namingHeaders: ["policy-id"],
  },
});

/**
 * Limits of -1 and resets of 0 are unknown (openai-dotnet#838). What `-requests` counts over is not told: 20 was seen
 * where 120 a minute were granted, so a reading of it would starve the deployment.
 */
function readings(headers: HeaderView, receivedAtMs: number): readonly LimitReading[] {
  return openAiReadings(headers, receivedAtMs).flatMap((reading) => known(reading) ?? []);
}

function known(reading: LimitReading): LimitReading | null {
  const resetMs = reading.resetMs === 0 ? null : reading.resetMs;
  if (reading.limit === null && reading.remaining === null && resetMs === null) return null;
  if (reading.dimension !== "requests") return { ...reading, perMs: MINUTE_MS, resetMs };
  // Zero left says what bound, whatever it counts over.
  return reading.remaining === 0 ? { ...reading, limit: null, resetMs } : null;
}
