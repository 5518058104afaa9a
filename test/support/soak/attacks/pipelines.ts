/** Pipelines: several requests on one connection; each has its own tenant, and one answer in its turn. */
import { pick } from "../../gateway-random.ts";
import { EITHER, GOOD, type MakeAttack, send } from "../attack.ts";
import {
  CLOSE,
  chatBody,
  chunked,
  head,
  identity,
  JSON_TYPE,
  stolen,
  withBody,
} from "../request-bytes.ts";

const orderly: MakeAttack = (means) => {
  const { random, mark } = means;
  const count = 2 + Math.floor(random() * 5);
  const bytes = Array.from({ length: count }, (_, i) => {
    const numbered = { ...means, mark: `${mark}.${i}` };
    const lines = [...identity(numbered), ...(i === count - 1 ? [CLOSE] : [])];
    const asked = pick(random, ["read", "chat", "chunks", "slow"]);
    if (asked === "chat")
      return withBody("POST", "/v1/chat/completions", chatBody(numbered), ...lines, JSON_TYPE);
    if (asked === "chunks") {
      const coded = head(
        "POST",
        "/plain/x",
        ...lines,
        "content-type: a/b",
        "transfer-encoding: chunked",
      );
      return coded + chunked(random, numbered.mark);
    }
    return withBody("POST", `/plain/${asked}`, numbered.mark, ...lines, "content-type: a/b");
  });
  return {
    kind: "pipeline",
    steps: pieces(random, bytes.join("")),
    methods: Array(count).fill("POST"),
    least: count,
    most: count,
    statuses: GOOD,
    says: Array.from({ length: count }, (_, i) => `${mark}.${i}`),
  };
};

/** What a connection was once known as is nobody else's name. */
const tenants: MakeAttack = (means) => {
  const { random } = means;
  const all = Array.from({ length: 6 }, () => pick(random, means.tenants));
  const bytes = all.map((tenant, i) => {
    const lines = identity({ ...means, tenant });
    return head("GET", "/sluice/v1/me", ...lines, ...(i === all.length - 1 ? [CLOSE] : []));
  });
  return {
    kind: "tenants in turn",
    steps: pieces(random, bytes.join("")),
    methods: Array(all.length).fill("GET"),
    least: all.length,
    most: all.length,
    statuses: GOOD,
    says: all.map(({ name }) => `"tenant":"${name}"`),
  };
};

/** After what is no request nothing more is read. */
const broken: MakeAttack = (means) => {
  const { random } = means;
  const good = head("GET", "/plain/x", ...identity(means));
  const garbage = pick(random, [
    "GARBAGE\r\n\r\n",
    "\x16\x03\x01\x02\x00",
    "GET\r\n\r\n",
    "\x00\x00",
  ]);
  return {
    kind: "garbage behind",
    steps: pieces(random, good + garbage + stolen(means)),
    methods: ["GET", "GET"],
    least: 1,
    most: 2,
    statuses: EITHER,
    mayBreak: true,
  };
};

/** One write, or several that cut a request anywhere. */
function pieces(random: () => number, bytes: string) {
  if (random() < 0.5) return [send(bytes)];
  const cut = Math.floor(random() * bytes.length);
  return [send(bytes.slice(0, cut)), { kind: "pause", ms: 3 } as const, send(bytes.slice(cut))];
}

export const PIPELINES: readonly MakeAttack[] = [orderly, orderly, tenants, broken];
