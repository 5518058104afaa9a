/** References: whatever is named elsewhere exists there. */
import { suggestionFor } from "../closest-name.ts";
import { DEFAULT_TASK_TYPE, DEFAULT_TIERS } from "../defaults.ts";
import type { Finding, Path } from "../problem.ts";
import { SELF_CONTAINED } from "../schema/auth.ts";
import { quoted } from "../source/in-words.ts";
import {
  type Check,
  entriesIn,
  fieldIn,
  itemsIn,
  type Mapping,
  namesIn,
  textIn,
} from "./written.ts";

/** `names` undefined: they are unreadable, which is another finding. */
function reference(
  path: Path,
  name: unknown,
  what: string,
  names: readonly string[] | undefined,
): Finding[] {
  if (typeof name !== "string" || names === undefined || names.includes(name)) return [];
  const known = names.length === 0 ? `${what} that exists (there is none)` : listed(what, names);
  return [{ path, found: quoted(name), expected: known + suggestionFor(name, names) }];
}

function listed(what: string, names: readonly string[]): string {
  const LISTED_MAX = 12;
  const shown = names.slice(0, LISTED_MAX).join(", ");
  return `${what} that exists (${shown}${names.length > LISTED_MAX ? ", …" : ""})`;
}

export function tierNames(root: Mapping): readonly string[] | undefined {
  const names = namesIn(root, "tiers");
  return names?.length === 0 ? Object.keys(DEFAULT_TIERS) : names;
}

export const checkTierReferences: Check = (root) => {
  const tiers = tierNames(root);
  const tier = (path: Path, name: unknown) => reference(path, name, "a tier", tiers);
  return [
    ...tier(["defaults", "tier"], textIn(fieldIn(root, "defaults"), "tier")),
    ...entriesIn(root, "tenants").flatMap(([name, tenant]) =>
      tier(["tenants", name, "tier"], fieldIn(tenant, "tier")),
    ),
    ...entriesIn(fieldIn(root, "alerts"), "queue_depth").flatMap(([name]) =>
      tier(["alerts", "queue_depth", name], name),
    ),
  ];
};

export const checkTaskTypeReference: Check = (root) => {
  const written = namesIn(root, "task_types");
  const names = written && [...new Set([...written, DEFAULT_TASK_TYPE])];
  const name = textIn(fieldIn(root, "defaults"), "task_type");
  return reference(["defaults", "task_type"], name, "a task type", names);
};

function credentialsOf(upstream: unknown): string[] {
  const names = itemsIn(upstream, "credentials").map((item) => textIn(item, "name"));
  const auth = fieldIn(upstream, "auth");
  const short = fieldIn(upstream, "api_key") ?? fieldIn(auth, "token");
  const hasShort = short !== undefined || SELF_CONTAINED.has(fieldIn(auth, "kind"));
  return [...names, hasShort ? "default" : undefined].filter((name) => name !== undefined);
}

function projectsOf(upstream: unknown): string[] {
  const projects = itemsIn(upstream, "credentials").map((item) => textIn(item, "project"));
  return [...new Set(projects.filter((project) => project !== undefined))];
}

export const checkCredentialReferences: Check = (root) => {
  const upstreams = entriesIn(root, "upstreams");
  const all = [...new Set(upstreams.flatMap(([, upstream]) => credentialsOf(upstream)))];
  return [
    ...entriesIn(root, "tenants").flatMap(([tenant, value]) =>
      itemsIn(value, "credentials").flatMap((name, index) =>
        reference(["tenants", tenant, "credentials", index], name, "a credential", all),
      ),
    ),
    ...upstreams.flatMap(([name, upstream]) => limitReferences(name, upstream)),
  ];
};

function limitReferences(name: string, upstream: unknown): Finding[] {
  const credentials = credentialsOf(upstream);
  const projects = projectsOf(upstream);
  return itemsIn(upstream, "limits").flatMap((limit, index) => {
    const path = ["upstreams", name, "limits", index];
    return [
      ...reference(
        [...path, "key"],
        fieldIn(limit, "key"),
        "a credential of this upstream",
        credentials,
      ),
      ...reference(
        [...path, "project"],
        fieldIn(limit, "project"),
        "a project of this upstream",
        projects,
      ),
    ];
  });
}

export const checkModelReferences: Check = (root) => {
  const upstreams = namesIn(root, "upstreams");
  const aliases = entriesIn(root, "models");
  return aliases.flatMap(([alias]) =>
    itemsIn(fieldIn(root, "models"), alias).flatMap((candidate, index) => {
      const path = ["models", alias, index, "upstream"];
      return candidateFindings(path, fieldIn(candidate, "upstream"), upstreams, aliases);
    }),
  );
};

function candidateFindings(
  path: Path,
  upstream: unknown,
  upstreams: readonly string[] | undefined,
  aliases: readonly (readonly [string, unknown])[],
): Finding[] {
  const isAlias =
    aliases.some(([alias]) => alias === upstream) && !upstreams?.includes(String(upstream));
  if (!isAlias) return reference(path, upstream, "an upstream", upstreams);
  const found = `the alias ${JSON.stringify(upstream)}`;
  return [{ path, found, expected: "an upstream; aliases never point at aliases" }];
}
