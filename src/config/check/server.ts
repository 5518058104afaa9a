/** Server: the admin API is never open to other machines; thresholds are in order. */
import type { Finding, Path } from "../problem.ts";
import { PLAIN, parseQuantity } from "../quantity.ts";
import { isLoopback, parseListen } from "../schema/formats.ts";
import { type Check, fieldIn } from "./written.ts";

export const checkAdminToken: Check = (root, found) => {
  const server = fieldIn(root, "server");
  const listen = parseListen(fieldIn(server, "listen"));
  const token = fieldIn(server, "admin_token") ?? "";
  const isOpen = typeof token === "string" && token.trim() === "";
  if (listen === undefined || isLoopback(listen.host) || !isOpen) return [];
  const path = ["server", "admin_token"];
  const expected = `a token, because other machines can reach ${found(["server", "listen"])}`;
  return [{ path, found: found(path), expected }];
};

export const checkThresholds: Check = (root, found) => [
  ...order(
    ["policy", "pressure"],
    "warn",
    "act",
    fieldIn(fieldIn(root, "policy"), "pressure"),
    found,
  ),
  ...order(["alerts"], "warn", "act", fieldIn(root, "alerts"), found),
];

export const checkPolicyOrder: Check = (root) => {
  const order = fieldIn(fieldIn(root, "policy"), "order");
  if (!Array.isArray(order)) return [];
  return order.flatMap((name, index) => {
    const isRepeated = typeof name === "string" && order.indexOf(name) < index;
    const path = ["policy", "order", index];
    return isRepeated
      ? [{ path, found: `"${name}" a second time`, expected: "each at most once" }]
      : [];
  });
};

export const checkClassifier: Check = (root) => {
  const classifier = fieldIn(root, "classifier");
  const hasBoth =
    fieldIn(classifier, "rules") !== undefined && fieldIn(classifier, "url") !== undefined;
  if (!hasBoth) return [];
  return [{ path: ["classifier", "url"], found: "rules and url", expected: "only one of them" }];
};

/** Both as written: a default is not held against what is written. */
export function order(
  path: Path,
  low: string,
  high: string,
  value: unknown,
  found: (path: Path) => string,
): Finding[] {
  const least = parseQuantity(fieldIn(value, low), PLAIN);
  const most = parseQuantity(fieldIn(value, high), PLAIN);
  if (least === undefined || most === undefined || least <= most) return [];
  const expected = `at least ${low}, which is ${found([...path, low])}`;
  return [{ path: [...path, high], found: found([...path, high]), expected }];
}
