/** Verdict: what the figures mean, in one plain sentence. */
import type { PolicyFigures } from "../../figures/policy-figures.ts";
import { duration, percent, plural, whole } from "../../figures/words.ts";

export interface Judged {
  readonly policy: string;
  readonly figures: PolicyFigures;
}

export function verdictOn(columns: readonly Judged[]): string {
  const clauses = columns.map(({ policy, figures }) => `with ${policy} ${clauseOn(figures)}`);
  return `The same load and budget: ${clauses.join("; ")}.`;
}

function clauseOn(figures: PolicyFigures): string {
  const [name, { count, ok, waitMs }] = Object.entries(figures.tiers)[0];
  const served =
    ok === count ? `every ${name} task` : `${whole(ok)} of ${plural(count, `${name} task`)}`;
  const wait = `99 of 100 waited no longer than ${duration(waitMs.p99)}`;
  return `${refusals(figures)}, ${served} got served and ${wait}`;
}

function refusals({ upstream429, upstreamRequests }: PolicyFigures): string {
  const requests = plural(upstreamRequests, "request");
  if (upstream429 === 0) return `the provider refused none of ${requests}`;
  return `the provider refused ${percent(upstream429 / upstreamRequests)} of ${requests}`;
}
