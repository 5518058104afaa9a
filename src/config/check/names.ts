/** Names: every name of a tier, tenant, upstream and alias obeys its rule. */
import { ALIAS_NAME, LABEL, type NameRule, TENANT_NAME, UPSTREAM_NAME } from "../names.ts";
import type { Finding, Path } from "../problem.ts";
import { quoted } from "../source/in-words.ts";
import { type Check, entriesIn, fieldIn, itemsIn, textIn } from "./written.ts";

const SECTIONS: readonly (readonly [string, NameRule])[] = [
  ["tiers", LABEL],
  ["tenants", TENANT_NAME],
  ["task_types", LABEL],
  ["upstreams", UPSTREAM_NAME],
  ["models", ALIAS_NAME],
];

export const checkNames: Check = (root) => [
  ...SECTIONS.flatMap(([section, rule]) =>
    entriesIn(root, section).flatMap(([name]) => nameFinding(name, rule, [section, name])),
  ),
  ...nameFinding(textIn(fieldIn(root, "defaults"), "tenant") ?? "default", TENANT_NAME, [
    "defaults",
    "tenant",
  ]),
  ...entriesIn(root, "upstreams").flatMap(([name, upstream]) => credentialNames(name, upstream)),
];

function nameFinding(name: string, { pattern, expected }: NameRule, path: Path): Finding[] {
  if (pattern.test(name)) return [];
  return [{ path, found: `the name ${quoted(name)}`, expected }];
}

function credentialNames(upstream: string, value: unknown): Finding[] {
  const names = itemsIn(value, "credentials").map((item) => textIn(item, "name"));
  return names.flatMap((name, index) => {
    if (name === undefined) return [];
    const path = ["upstreams", upstream, "credentials", index, "name"];
    const isRepeated = names.indexOf(name) < index;
    const again = { path, found: `${quoted(name)} a second time`, expected: "each name once" };
    return isRepeated ? [again] : nameFinding(name, LABEL, path);
  });
}
