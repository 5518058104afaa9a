/** Targets: ways out of an upstream's base URL, to other hosts, and into heads. */
import { pick } from "../../gateway-random.ts";
import { type AttackMeans, EITHER, type MakeAttack, one, utf8 } from "../attack.ts";
import { CLOSE, head, identity } from "../request-bytes.ts";

const STEPS = [
  "..",
  "%2e%2e",
  ".%2E",
  "%2e.",
  "..;",
  "...",
  ".",
  "%c0%ae%c0%ae",
  "%252e%252e",
  "..%00",
];
const SEPARATORS = ["/", "%2f", "%5c", "\\", "//", "%252f", "/./", "%c0%af"];
const ROOTS = ["/openai", "/plain", "/v1", "/claude", "/gemini", "/sluice/v1", "/health", ""];

const traversal: MakeAttack = (means) => {
  const { random } = means;
  let target = pick(random, ROOTS);
  for (let i = 0; i < 1 + random() * 5; i++)
    target += pick(random, SEPARATORS) + pick(random, STEPS);
  target += `${pick(random, SEPARATORS)}${pick(random, ["secret", "admin", "plain/x", "", means.mark])}`;
  return target.startsWith("/")
    ? ask("traversal", means, target)
    : ask("traversal", means, `/${target}`);
};

/** Nothing but the configured hosts is ever asked. */
const otherHosts: MakeAttack = (means) => {
  const { random, trap } = means;
  const target = pick(random, [
    `http://${trap}/secret`,
    `https://${trap}/secret`,
    `http://user:pass@${trap}/`,
    `//${trap}/secret`,
    `/plain/@${trap}/x`,
    `/plain//${trap}/x`,
    `/plain/http://${trap}/x`,
    `/plain/\\\\${trap}\\x`,
    `/plain:80@${trap}/x`,
    `/plain@${trap}/x`,
    `/openai/..//${trap}/x`,
    `/openai?@${trap}/x`,
    `/plain/#@${trap}/`,
    `${trap}`,
    `http://${trap}/v1/chat/completions`,
    `/v1/files/http://${trap}/x`,
    `gopher://${trap}/x`,
    `/plain%40${trap}/x`,
    `/plain/redirect?to=${trap}`,
  ]);
  return ask("other hosts", means, target, `x-forwarded-host: ${trap}`, `forwarded: host=${trap}`);
};

const strange: MakeAttack = (means) => {
  const { random } = means;
  const target = pick(random, [
    "*",
    "/",
    "//",
    "/plain",
    "/plain/%00",
    "/plain/a\x00b",
    "/plain/a%0d%0ax-forged:%201",
    "/plain/a\rb",
    "/plain/%",
    "/plain/%zz%u0041",
    `/plain/${"a".repeat(6_000)}`,
    `/plain/${"/".repeat(500)}`,
    `/plain?${"a=b&".repeat(1_000)}`,
    `/plain/${utf8("模型/é/\u202e")}`,
    "/plain/<script>",
    "/plain/x?#y?",
    "/__proto__/x",
    "/constructor/x",
    "/hasOwnProperty",
    "/plain/constructor/__proto__",
    "/v1/models/__proto__",
    "/v1/models/%2e%2e",
    "/v1/models/%E0%A4%A",
    "/sluice/v1/slots/__proto__/settle",
    "/health/../plain/x",
    "/Plain/x",
    "/plain /x",
    "plain/x",
    "?",
    "/?/plain",
  ]);
  return ask("strange targets", means, target);
};

/** Administration has its own key, or is asked under a name of this machine only. */
const administration: MakeAttack = (means) => {
  const { random } = means;
  const path = pick(random, [
    "/admin/api/state",
    "/admin/api/tenants",
    "/admin/",
    "/admin/api/x/../state",
  ]);
  const hosts = [
    "soak.example",
    `localhost.${means.trap}`,
    "127.0.0.1.nip.io",
    "127.0.0.1@x",
    "[::1].x",
  ];
  const bytes = head("GET", path, ...identity(means), CLOSE).replace(
    "soak.example",
    pick(random, hosts),
  );
  return one("administration", "GET", bytes, [400, 401, 403, 404, 501]);
};

function ask(kind: string, means: AttackMeans, target: string, ...lines: string[]) {
  const method = pick(means.random, ["GET", "DELETE"]);
  return one(kind, method, head(method, target, ...identity(means), ...lines, CLOSE), [
    ...EITHER,
    302,
  ]);
}

export const TARGETS: readonly MakeAttack[] = [traversal, otherHosts, strange, administration];
