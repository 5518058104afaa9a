/** Policy report: all that one simulation has to show: figures, courses, waits and forecasts. */
import { sortedWaits } from "../../figures/figures.ts";
import { jainWindows } from "../../figures/jain.ts";
import { percentile, percentileOfSorted } from "../../figures/percentile.ts";
import type { TaskResult } from "../../figures/task-result.ts";
import { figuresFrom, mostUsed, resultsOf } from "../outcome.ts";
import type { Foresight, PolicyReport, Series, WaitQuantiles } from "../report-data.ts";
import type { Simulation } from "../simulation.ts";
import { storeFiguresOf } from "../store-figures.ts";
import { type History, TASK } from "../world/history.ts";
import type { Sampler } from "./sampler.ts";

/** Every percent, and the last ones more closely. */
const SHARES = [...Array.from({ length: 100 }, (_, percent) => percent / 100), 0.995, 0.999, 1];

/** Of a simulation that is over. */
export function reportOn(name: string, simulation: Simulation, sampler: Sampler): PolicyReport {
  const results = resultsOf(simulation.world);
  return {
    name,
    figures: figuresFrom(simulation, results),
    series: seriesOf(simulation, sampler, results),
    waitQuantilesByTier: waitQuantilesOf(simulation, results),
    foresight: foresightIn(simulation.world.history),
    store: storeFiguresOf(simulation),
  };
}

function seriesOf(
  { world, scenario, standing }: Simulation,
  { stepMicros, waitingByTier, refused429, charged, available }: Sampler,
  results: readonly TaskResult[],
): Series {
  const everySeconds = stepMicros / 1_000_000;
  const binding = mostUsed(world);
  const jain = new Array<number | null>(refused429.length).fill(null);
  for (const { toMs, index } of jainWindows(results, scenario.load, standing)) {
    const step = Math.ceil(toMs / 1_000 / everySeconds) - 1;
    if (step < jain.length) jain[step] = Math.min(jain[step] ?? 1, index);
  }
  return {
    everySeconds,
    waitingByTier,
    refused429,
    chargedShare: charged.map((amounts, step) => {
      const most = available[step][binding];
      return most > 0 ? amounts[binding] / most : 0;
    }),
    jain,
  };
}

function waitQuantilesOf(
  { scenario }: Simulation,
  results: readonly TaskResult[],
): WaitQuantiles[] {
  const { load, setting } = scenario;
  return setting.tiers.map(({ name }, tier) => {
    const own = results.filter(
      ({ task }) => task.tier === tier && task.atMs >= load.measuredFromMs,
    );
    const served = own.filter(({ wasGranted }) => wasGranted);
    const waits = sortedWaits(served);
    const quantiles = SHARES.map((share) => ({
      // Who gives up early is not quick: only those served count, as a share of all.
      share: (share * served.length) / own.length,
      waitMs: percentileOfSorted(waits, share),
    }));
    return { tier: name, quantiles: waits.length > 0 ? quantiles : [] };
  });
}

/** A forecast of nothing to wait for cannot be put in relation. */
function foresightIn({ state, foreseen, arrivedAt, waitedUntil, isAtOnce }: History): Foresight {
  const ratios: number[] = [];
  let refusedAtOnce = 0;
  let queued = 0;
  let broken = 0;
  for (let task = 0; task < state.length; task++) {
    refusedAtOnce += isAtOnce[task];
    if (Number.isNaN(foreseen[task])) continue;
    queued++;
    if (state[task] === TASK.refused) broken++;
    else if (foreseen[task] > 0) {
      ratios.push((waitedUntil[task] - arrivedAt[task]) / foreseen[task]);
    }
  }
  const at = (share: number) => percentile(ratios, share);
  return {
    refusedAtOnce,
    realOverForeseen: ratios.length === 0 ? null : { p10: at(0.1), p50: at(0.5), p90: at(0.9) },
    brokenPromises: queued === 0 ? 0 : broken / queued,
  };
}
