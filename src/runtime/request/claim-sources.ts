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

/** Most specific first. */
export function claimSources(headers: HeaderView, body: JsonObject | null): readonly ClaimSource[] {
  return [
    (name) => headerText(headers, `x-sluice-${name}`),
    metadataClaims(body),
    (name) => {
      const key = BAGGAGE_KEYS[name];
      return key === undefined ? undefined : baggageMember(headers, key);
    },
  ];
}
