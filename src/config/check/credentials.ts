/** Credentials: one way to give one, key files that are keys, keys that name the data centre an address needs. */
import { DATA_CENTRE, dataCentreOf, withDataCentre } from "../data-centre.ts";
import type { Finding, Path } from "../problem.ts";
import { SELF_CONTAINED } from "../schema/auth.ts";
import { quoted } from "../source/in-words.ts";
import type { KeyFiles } from "../source/key-files.ts";
import {
  type Check,
  entriesIn,
  fieldIn,
  isWritten,
  itemsIn,
  type Mapping,
  textIn,
} from "./written.ts";

export const checkCredentials: Check = (root, found) =>
  entriesIn(root, "upstreams").flatMap(([name, upstream]) => {
    const path = ["upstreams", name];
    return [...oneCredentialForm(path, upstream), ...dataCentres(path, upstream, found)];
  });

/** `api_key`, `credentials` and `auth.token` (or a kind of auth that needs none of them) exclude each other. */
function oneCredentialForm(path: Path, upstream: unknown): Finding[] {
  const auth = fieldIn(upstream, "auth");
  const kind = fieldIn(auth, "kind");
  const forms: [string, Path][] = [];
  if (isWritten(fieldIn(upstream, "credentials"))) forms.push(["credentials", ["credentials"]]);
  if (isWritten(fieldIn(upstream, "api_key"))) forms.push(["api_key", ["api_key"]]);
  if (isWritten(fieldIn(auth, "token"))) forms.push(["auth.token", ["auth", "token"]]);
  if (SELF_CONTAINED.has(kind)) forms.push([`auth of kind ${kind}`, ["auth"]]);
  if (forms.length < 2) return [];
  const found = forms.map(([form]) => form).join(" and ");
  return [{ path: [...path, ...forms[1][1]], found, expected: "only one of them" }];
}

/** An address with `{dc}` needs keys that end in their data centre. */
function dataCentres(path: Path, upstream: unknown, found: (path: Path) => string): Finding[] {
  const address = textIn(upstream, "base_url") ?? "";
  const dialect = textIn(upstream, "dialect") ?? "";
  if (!withDataCentre(dialect, address).includes(DATA_CENTRE)) return [];
  const kind = fieldIn(fieldIn(upstream, "auth"), "kind");
  if (SELF_CONTAINED.has(kind) && kind !== "basic") {
    const expected = `an address with its data centre: auth of kind ${kind} does not tell it`;
    return [{ path: [...path, "base_url"], found: quoted(address), expected }];
  }
  return keysOf(upstream)
    .filter(([, key]) => key !== "" && dataCentreOf(key) === null)
    .map(([field]) => ({
      path: [...path, ...field],
      found: found([...path, ...field]),
      expected: "a key that ends in its data centre, such as -us21, which base_url needs",
    }));
}

function keysOf(upstream: unknown): [Path, string][] {
  const auth = fieldIn(upstream, "auth");
  const all: [Path, string | undefined][] = [
    [["api_key"], textIn(upstream, "api_key")],
    [["auth", "token"], textIn(auth, "token")],
    [["auth", "password"], textIn(auth, "password")],
    ...itemsIn(upstream, "credentials").map((item, index): [Path, string | undefined] => [
      ["credentials", index, "api_key"],
      textIn(item, "api_key"),
    ]),
  ];
  return all.flatMap(([path, key]) => (key === undefined ? [] : [[path, key.trim()]]));
}

/** Key files are read here, so that a missing one is told before anything runs. */
export function keyFileFindings(root: Mapping, keyFiles: KeyFiles): Finding[] {
  return entriesIn(root, "upstreams").flatMap(([name, upstream]) => {
    const auth = fieldIn(upstream, "auth");
    const file = textIn(auth, "key_file");
    if (fieldIn(auth, "kind") !== "google-service-account" || file === undefined || file === "") {
      return [];
    }
    const read = keyFiles.read(file);
    if (read.ok) return [];
    const found = `${quoted(file)}, ${read.found}`;
    const expected =
      "the path of a Google service account's JSON key, from the configuration's folder";
    return [{ path: ["upstreams", name, "auth", "key_file"], found, expected }];
  });
}
