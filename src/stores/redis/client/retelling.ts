/** Retelling: what an instance tells first in a new life, so that nothing it had is lost or counted twice. */
import type { Demand } from "../../../core/demand.ts";
import type { PathOperation } from "../../store.ts";
import type { LifeOperation } from "../messages.ts";
import type { Asked, PastLife } from "./asked.ts";
import type { Entry, SharedPath } from "./entry.ts";

/** After a loss no level is believed beyond this share of its limit. */
const SAFE_SHARE = 0.5;

/** What was counted, and may not have reached the store. */
export interface Unsettled {
  readonly path: SharedPath;
  readonly counted: Demand;
}

interface Facts {
  readonly past: PastLife;
  readonly paths: readonly SharedPath[];
  readonly initialShare: number;
  /** What was left of a meter when it was last heard of, micro-units; null: it was not. */
  readonly levelOf: (key: string) => number | null;
  /** Not answered yet. */
  readonly unsettled: readonly Unsettled[];
  /** Answered by a store that may have forgotten it. */
  readonly lost: readonly Unsettled[];
}

/** All that comes before the requests that run and wait. */
export function retold(facts: Facts): readonly Asked[] {
  const { past, paths, initialShare, levelOf, unsettled, lost } = facts;
  const withLevels = ({ key, meters }: SharedPath): SharedPath => ({
    key,
    meters: meters.map((spec) => ({ ...spec, level: levelOf(spec.key) ?? spec.level })),
  });
  return [
    tell({ kind: "leave", instance: past.name, isBehind: past.isBehind }),
    ...paths.map((path) => tell({ kind: "path", ...withLevels(path), initialShare })),
    tell({ kind: "cap", share: SAFE_SHARE }),
    ...lost.map((one) => charge(one, false)),
    ...unsettled.map((one) => charge(one, true)),
  ];
}

/** Each path once. */
export function pathsOf(
  entries: readonly Entry[],
  others: readonly Unsettled[],
): readonly SharedPath[] {
  const all = [...entries.map(({ request }) => request.path), ...others.map(({ path }) => path)];
  return [...new Map(all.map((path) => [path.key, path])).values()];
}

function charge({ path, counted }: Unsettled, isUnsettled: boolean): Asked {
  return tell({ kind: "charge", path: path.key, counted, isUnsettled });
}

/** Told anew in each life. */
function tell(operation: LifeOperation | PathOperation): Asked {
  return { operation: () => operation, onResult: () => {}, isOfThisLife: true };
}
