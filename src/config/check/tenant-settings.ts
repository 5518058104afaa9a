/** Tenant settings: checks what the admin API is given for a tenant as strictly as a configuration file. */
import type { z } from "zod";
import { suggestionFor } from "../closest-name.ts";
import type { Config, TenantConfig } from "../config.ts";
import { TENANT_NAME } from "../names.ts";
import { describeProblem, type Finding } from "../problem.ts";
import { resolveTenant } from "../resolve/resolve-tenancy.ts";
import { tenantSettings } from "../schema/tenancy.ts";
import { quoted } from "../source/in-words.ts";
import { openSource } from "../source/source.ts";
import { issueFindings } from "./issue-findings.ts";

/** Checked, in units of the program, shaped as it was written: what is stored of a tenant. */
export type TenantSettings = z.output<typeof tenantSettings>;

export type CheckedTenant =
  | { readonly ok: true; readonly settings: TenantSettings }
  /** One sentence each, naming field, value and what is allowed. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Variables are not replaced: nobody reads this process's environment through the API. */
export function checkTenantSettings(id: string, value: unknown, config: Config): CheckedTenant {
  const source = openSource({ object: value }, {});
  const parsed = tenantSettings.safeParse(source.value);
  const findings: Finding[] = [
    ...nameFindings(id),
    ...source.findings,
    ...(parsed.success ? referenceFindings(parsed.data, config) : []),
    ...(parsed.success ? [] : issueFindings(parsed.error.issues, source)),
  ];
  if (parsed.success && findings.length === 0) return { ok: true, settings: parsed.data };
  const problems = findings.map((finding) => describeProblem(source.toProblem(finding)));
  return { ok: false, problems };
}

/** The tenant as the program uses it; a tier that a reload has taken away gives way to the default. */
export function tenantFrom(id: string, settings: TenantSettings, config: Config): TenantConfig {
  const { tier } = settings;
  const known = tier !== undefined && config.tiers.has(tier) ? tier : config.defaults.tier;
  return resolveTenant(id, { ...settings, tier: known, keys: [] }, config.defaults.tier);
}

function nameFindings(id: string): Finding[] {
  if (TENANT_NAME.pattern.test(id)) return [];
  return [{ path: ["id"], found: quoted(id.slice(0, 200)), expected: TENANT_NAME.expected }];
}

function referenceFindings({ tier, credentials = [] }: TenantSettings, config: Config): Finding[] {
  const tiers = [...config.tiers.keys()];
  const known = [...config.upstreams.values()].flatMap((upstream) =>
    upstream.credentials.map(({ name }) => name),
  );
  return [
    ...(tier === undefined || tiers.includes(tier) ? [] : [missing(["tier"], tier, "tier", tiers)]),
    ...credentials.flatMap((name, index) =>
      known.includes(name) ? [] : [missing(["credentials", index], name, "credential", known)],
    ),
  ];
}

function missing(
  path: Finding["path"],
  name: string,
  what: string,
  names: readonly string[],
): Finding {
  const list = names.length === 0 ? "there is none" : names.join(", ");
  const expected = `a ${what} that exists (${list})${suggestionFor(name, names)}`;
  return { path, found: quoted(name), expected };
}
