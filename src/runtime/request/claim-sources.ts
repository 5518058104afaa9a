/** Claim sources: where a request may speak about its task: headers, body metadata, baggage. */
import type { HeaderView, JsonObject } from "../../core/dialect.ts";
import type { ClaimName, ClaimSource } from "../policy/task-claims.ts";
import { metadataClaims } from "./body.ts";
import { baggageMember, headerText } from "./headers.ts";

/** Only these have a name in baggage (CONTRACTS 2, Task). */
const BAGGAGE_KEYS: Partial<Record<ClaimName, string>> = {
  "task-type": "sluice.task",
  latency: "sluice.latency",
  "deadline-ms": "sluice.deadline-ms",
  chain: "sluice.chain",
};

/** Most specific first; only those that may say something, because most requests say nothing. */
export function claimSources(headers: HeaderView, body: JsonObject | null): readonly ClaimSource[] {
  const sources: ClaimSource[] = [];
  if (speaksOfTask(headers)) sources.push((name) => headerText(headers, `x-sluice-${name}`));
  if (body?.metadata !== undefined) sources.push(metadataClaims(body));
  if (headers.baggage !== undefined) {
    sources.push((name) => {
      const key = BAGGAGE_KEYS[name];
      return key === undefined ? undefined : baggageMember(headers, key);
    });
  }
  return sources;
}

function speaksOfTask(headers: HeaderView): boolean {
  for (const name in headers) if (name.startsWith("x-sluice-")) return true;
  return false;
}
