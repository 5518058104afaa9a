/** Check: finds everything that is wrong with a configuration at once. */
import type { Finding } from "../problem.ts";
import { type CheckedConfig, configSchema } from "../schema/config-schema.ts";
import { idOf } from "../source/expand.ts";
import type { KeyFiles } from "../source/key-files.ts";
import type { Source } from "../source/source.ts";
import { checkCredentials, keyFileFindings } from "./credentials.ts";
import { FINDINGS_MAX, issueFindings } from "./issue-findings.ts";
import { checkNames } from "./names.ts";
import {
  checkCredentialReferences,
  checkModelReferences,
  checkTaskTypeReference,
  checkTierReferences,
} from "./references.ts";
import { checkAdminToken, checkClassifier, checkPolicyOrder, checkThresholds } from "./server.ts";
import { checkGuarantees, checkKeys } from "./tenancy.ts";
import { checkUpstreams } from "./upstreams.ts";
import { type Check, isMapping } from "./written.ts";

const CHECKS: readonly Check[] = [
  checkAdminToken,
  checkThresholds,
  checkPolicyOrder,
  checkNames,
  checkTierReferences,
  checkTaskTypeReference,
  checkCredentialReferences,
  checkModelReferences,
  checkKeys,
  checkGuarantees,
  checkCredentials,
  checkUpstreams,
  checkClassifier,
];

export type Checked =
  | { readonly ok: true; readonly config: CheckedConfig }
  | { readonly ok: false; readonly findings: readonly Finding[] };

export function checkSource(source: Source, keyFiles: KeyFiles): Checked {
  const { value } = source;
  if (value === undefined && source.findings.length > 0) {
    return { ok: false, findings: source.findings };
  }
  const parsed = configSchema.safeParse(value);
  const crossFindings = isMapping(value)
    ? [...CHECKS.flatMap((run) => run(value, source.found)), ...keyFileFindings(value, keyFiles)]
    : [];
  const issues = parsed.success ? [] : issueFindings(parsed.error.issues, source);
  const findings = firstOfEachField([...source.findings, ...issues, ...crossFindings]);
  if (parsed.success && findings.length === 0) return { ok: true, config: parsed.data };
  return { ok: false, findings };
}

/** A field that is wrong in one way is not worth a second message. */
function firstOfEachField(findings: readonly Finding[]): Finding[] {
  const byField = new Map<string, Finding>();
  for (const finding of findings) {
    const id = idOf(finding.path);
    if (!byField.has(id) && byField.size < FINDINGS_MAX) byField.set(id, finding);
  }
  return [...byField.values()];
}
