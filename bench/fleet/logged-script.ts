/**
 * Logged script: the step script with a log of all that enters, leaves and is granted, in Redis's own
 * order, for a judge that shares no code with it. Lines are JSON in the list `<account>:log`.
 */
import { readScript, type Script } from "../../src/stores/redis/script.ts";

/** By file: what is put after which piece of text. */
const ADDITIONS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  operations: [
    [
      "  S.pathByKey[key] = number\n",
      `  local kinds = {}
  for i, index in ipairs(path.meters) do kinds[i] = S.meters[index].dimension end
  call("RPUSH", PREFIX .. ":log", cjson.encode({ "path", number, path.meters, kinds }))
`,
    ],
  ],
  backlog: [
    [
      "function addWaiter(waiter, eligibleAt)\n",
      `  local line = { "in", NOW, waiter.member, waiter[ACCOUNT]:byte() - 65, waiter[PATH] }
  for column = 1, 5 do line[5 + column] = waiter[column] end
  line[11], line[12] = eligibleAt, waiter[OWNER]
  call("RPUSH", PREFIX .. ":log", cjson.encode(line))
`,
    ],
    [
      "function removeWaiter(waiter)\n",
      `  call("RPUSH", PREFIX .. ":log", cjson.encode({ "out", waiter.member }))
`,
    ],
  ],
  instances: [
    [
      "local function endInstance(instance, isWhole)\n",
      `  call("RPUSH", PREFIX .. ":log", cjson.encode({ "dead", instance }))
`,
    ],
  ],
  pump: [
    ["local stash = {}\n", "local isByGuarantee = false\n"],
    [
      "function grant(flow, lane, path, waiter)\n",
      `  local levels = {}
  for i, meter in ipairs(S.meters) do
    local kept = meter.kind == "slots" and 0 or ceil(meter.capacity * (meter.margin or S.margin))
    local held = meter.kind == "bucket" and ceil(meter.capacity * S.holdback) or 0
    levels[i] = { levelOf(meter), waitFor(meter, 0, 0), kept, held, meter.capacity }
  end
  call("RPUSH", PREFIX .. ":log", cjson.encode({ "grant", NOW, waiter.member, isByGuarantee, levels }))
`,
    ],
    ["  measure(path, floors)\n", "  isByGuarantee = payer ~= nil\n"],
  ],
};

/** @throws Error where the script no longer has a place that something is put after */
export function loggedScript(): Script {
  return readScript((name, text) =>
    (ADDITIONS[name] ?? []).reduce((edited, [after, added]) => {
      if (!edited.includes(after)) throw new Error(`${name}.lua has no ${JSON.stringify(after)}`);
      return edited.replace(after, () => after + added);
    }, text),
  );
}
