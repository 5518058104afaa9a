/** Issue findings: the schema's complaints as what was found and what is expected. */
import type { z } from "zod";
import { suggestionFor } from "../closest-name.ts";
import type { Finding, Path } from "../problem.ts";
import { quoted } from "../source/in-words.ts";
import type { Source } from "../source/source.ts";

/** More help nobody: whoever has so many has one cause. */
export const FINDINGS_MAX = 1_000;

type Issue = z.core.$ZodIssue;

export function issueFindings(issues: readonly Issue[], source: Source): Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, [], source));
}

function findingsOf(issue: Issue, parent: Path, source: Source): Finding[] {
  const path = [...parent, ...(issue.path as (string | number)[])];
  if (issue.code === "unrecognized_keys") return unknownFields(issue, path);
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branch = nearestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => findingsOf(inner, path, source));
  }
  const found = source.found(path);
  return [{ path, found, expected: issue.message + optionSuggestion(issue, found) }];
}

function unknownFields(issue: z.core.$ZodIssueUnrecognizedKeys, path: Path): Finding[] {
  const known = issue.message.split(", ");
  return issue.keys.slice(0, FINDINGS_MAX).map((key) => ({
    path: [...path, key],
    found: `unknown field ${quoted(key)}`,
    expected: `one of ${issue.message}${suggestionFor(key, known)}`,
  }));
}

/** Of a union the form that was meant: the one that complains about a part, not about the whole. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
}

/** A misspelt `kind`. */
function optionSuggestion(issue: Issue, found: string): string {
  if (issue.code !== "invalid_union" || !("options" in issue)) return "";
  return suggestionFor(found.replaceAll('"', ""), (issue.options ?? []).map(String));
}
