/** Change world: the same scenario with something different, and all else as it was. */
import { createRandom } from "../../workload/random.ts";
import { chargeFor } from "../load/charge.ts";
import { scaleOf } from "../load/pace.ts";
import type { Scenario } from "../scenario.ts";
import { withDemand, withMoreTenants } from "./change-load.ts";
import type { Change } from "./parse-changes.ts";

export function changedWorld(scenario: Scenario, changes: readonly Change[]): Scenario {
  const { load, setting, ...rest } = changes.reduce(changed, scenario);
  return { ...rest, load, setting, scale: scaleOf(load.tasks, setting, load.seconds) };
}

function changed(scenario: Scenario, change: Change): Scenario {
  const { load, setting } = scenario;
  const random = createRandom(setting.seed);
  switch (change.kind) {
    case "tenants":
      return { ...scenario, load: withMoreTenants(load, change.more, random) };
    case "demand":
      return { ...scenario, load: withDemand(load, change.times, random) };
    case "limits": {
      const limits = setting.limits.map((limit) => {
        return { ...limit, amount: Math.max(1, Math.round(limit.amount * change.times)) };
      });
      return { ...scenario, setting: { ...setting, limits } };
    }
    case "foreign":
      return { ...scenario, setting: { ...setting, foreign: change.share } };
    case "dialect": {
      const { dialect } = change;
      const tasks = load.tasks.map((task) => ({ ...task, cost: chargeFor(task, dialect) }));
      return { ...scenario, load: { ...load, tasks }, setting: { ...setting, dialect } };
    }
  }
}
