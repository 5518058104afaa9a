import { beforeEach, describe, expect, test } from "vitest";
import { demandOf } from "../../../core/demand.ts";
import { NO_PACE } from "../../../core/meter/pace.ts";
import type { MeterSpec } from "../../store.ts";
import type { CountedRequests, SharedPath } from "./entry.ts";
import { Refusals } from "./refusals.ts";

function meter(dimension: MeterSpec["dimension"]): MeterSpec {
  return {
    ...{ key: dimension, kind: "bucket", dimension, selector: "account", capacity: 1, per: 1 },
    pace: NO_PACE,
    ends: [],
  };
}

const PATH: SharedPath = { key: "p", meters: [meter("requests"), meter("units:records")] };
const one = (band: number, units: Readonly<Record<string, number>> = {}): CountedRequests => ({
  ...{ path: PATH, band, demand: demandOf({ requests: 1, tokens: 20, units }), count: 1 },
});

let told: CountedRequests[];
let refusals: Refusals;
beforeEach(() => {
  told = [];
  refusals = new Refusals((sum) => told.push(sum));
});

describe("what was refused since the last step", () => {
  test("is told once for each path and band, all of it together", () => {
    expect([0, 0, 1].map((band) => refusals.add(one(band)))).toEqual([true, false, true]);
    expect(refusals.take({ path: PATH, band: 0 })).toMatchObject({
      ...{ kind: "refused", path: "p", band: 0, count: 2 },
      demand: { requests: 2, tokens: 40 },
    });
    expect(told).toMatchObject([{ band: 0, count: 2 }]);
    expect(refusals.add(one(0))).toBe(true);
    expect(refusals.take({ path: PATH, band: 0 }).count).toBe(1);
  });

  test("has only units that a limit counts, because clients name them", () => {
    refusals.add(one(0, { records: 3, other: 4 }));
    refusals.add(one(0, { another: 5, records: 2 }));
    expect(refusals.take({ path: PATH, band: 0 }).demand.units).toEqual({ records: 5 });
  });

  test("is nothing any more for a store that has forgotten this instance", () => {
    refusals.add(one(0));
    refusals.clear();
    expect(refusals.add(one(0))).toBe(true);
    expect(refusals.take({ path: PATH, band: 0 }).count).toBe(1);
  });
});
