/** Bands: from the policy's order to the strict classes and guarantees that a scheduler works with. */
import type { Config, PolicyConfig } from "../../config/config.ts";
import type { BreakerOptions } from "../../core/breaker/breaker.ts";
import { MICROS_PER_MS } from "../../core/clock.ts";
import type {
  BandOptions,
  CeilingOptions,
  GuaranteeOptions,
  ReliefOptions,
  SchedulerOptions,
} from "../../core/scheduler/options.ts";
import { LATENCY_CLASSES, type LatencyClass } from "../../core/task.ts";

/** What accounts take from the policy. */
export interface AccountPolicy {
  readonly scheduler: SchedulerOptions;
  /** `auto`: learned. */
  readonly margin: "auto" | number;
  readonly breaker: BreakerOptions;
}

export interface BandTable extends AccountPolicy {
  indexOf(tier: string, latency: LatencyClass): number;
}

interface Member {
  readonly tier: string;
  readonly latency: LatencyClass;
  readonly rank: readonly number[];
}

export function bandTable(config: Config): BandTable {
  const { policy } = config;
  const members = membersOf(config);
  const ranks = [...new Set(members.map(({ rank }) => rank.join()))];
  const indexes = new Map(
    members.map(({ tier, latency, rank }) => [`${tier}|${latency}`, ranks.indexOf(rank.join())]),
  );
  const byTier = new Map([...config.tiers.keys()].map((tier) => [tier, bandsOf(tier, indexes)]));
  const bands = ranks.map((_, index) => bandOf(members, indexes, index));
  const { margin, holdback, queue } = policy;
  return {
    scheduler: {
      bands,
      guarantees: guaranteesOf(config, members, indexes),
      ceilings: ceilingsOf(config, members, indexes),
      relief: reliefOf(config, members, indexes),
      holdback,
      margin: margin.kind === "learned" ? margin.initial : margin.share,
      maxWaiting: queue.maxWaiting,
    },
    margin: margin.kind === "learned" ? "auto" : margin.share,
    breaker: {
      failures: config.breaker.failures,
      rate: config.breaker.rate,
      window: config.breaker.windowMs * MICROS_PER_MS,
      open: config.breaker.openMs * MICROS_PER_MS,
    },
    indexOf: (tier, latency) => byTier.get(tier)?.[latency] ?? ranks.length - 1,
  };
}

/** Asked for every request, so without making a key of two names. */
function bandsOf(
  tier: string,
  indexes: ReadonlyMap<string, number>,
): Readonly<Record<LatencyClass, number>> {
  const entries = LATENCY_CLASSES.map((latency) => [latency, indexes.get(`${tier}|${latency}`)]);
  return Object.fromEntries(entries) as Record<LatencyClass, number>;
}

/** Every tier in every latency class, first served first; equal ranks share a band. */
function membersOf({ tiers, policy }: Config): readonly Member[] {
  const members = [...tiers.keys()].flatMap((tier, tierRank) =>
    LATENCY_CLASSES.map((latency, latencyRank) => ({
      tier,
      latency,
      rank: rankOf(policy, tierRank, latencyRank, latency),
    })),
  );
  return members.sort((a, b) => compare(a.rank, b.rank));
}

function rankOf(
  { order, batchLast }: PolicyConfig,
  tierRank: number,
  latencyRank: number,
  latency: LatencyClass,
): readonly number[] {
  const ranks = order.map((key) => (key === "tier" ? tierRank : latencyRank));
  return batchLast ? [latency === "batch" ? 1 : 0, ...ranks] : ranks;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, i) => rank !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}

function bandOf(
  members: readonly Member[],
  indexes: ReadonlyMap<string, number>,
  index: number,
): BandOptions {
  const own = members.filter(({ tier, latency }) => indexes.get(`${tier}|${latency}`) === index);
  const names = (values: readonly string[]) => [...new Set(values)].join("+");
  return {
    tier: names(own.map(({ tier }) => tier)),
    latency: names(own.map(({ latency }) => latency)),
  };
}

function guaranteesOf(
  { tiers, policy }: Config,
  members: readonly Member[],
  indexes: ReadonlyMap<string, number>,
): readonly GuaranteeOptions[] {
  const byTier = [...tiers.values()].map(({ name, guarantee }) => ({
    label: name,
    share: guarantee,
    bands: bandsOnlyOf(({ tier }) => tier === name, members, indexes),
  }));
  const byLatency = LATENCY_CLASSES.map((name) => ({
    label: name,
    share: policy.latencyGuarantee[name],
    bands: bandsOnlyOf(({ latency }) => latency === name, members, indexes),
  }));
  return [...byTier, ...byLatency].filter(({ share, bands }) => share > 0 && bands.length > 0);
}

function ceilingsOf(
  { tiers }: Config,
  members: readonly Member[],
  indexes: ReadonlyMap<string, number>,
): readonly CeilingOptions[] {
  return [...tiers.values()]
    .filter(({ ceiling }) => ceiling < 1)
    .map(({ name, ceiling: share }) => ({
      share,
      bands: bandsOnlyOf(({ tier }) => tier === name, members, indexes),
    }))
    .filter(({ bands }) => bands.length > 0);
}

/**
 * Half way between `warn` and `act` it is over, so that it does not begin and end all the time.
 * Batch that interactive work comes after, by `batch_last: false`, is held back for nobody.
 */
function reliefOf(
  { tiers, policy }: Config,
  members: readonly Member[],
  indexes: ReadonlyMap<string, number>,
): ReliefOptions {
  const { warn, act } = policy.pressure;
  const interactive = bandsOnlyOf(({ latency }) => latency !== "batch", members, indexes);
  const batch = bandsOnlyOf(({ latency }) => latency === "batch", members, indexes);
  const lowest = [...tiers.values()].at(-1);
  const isAlone = tiers.size < 2 || lowest === undefined;
  const own = isAlone ? [] : bandsOnlyOf(({ tier }) => tier === lowest.name, members, indexes);
  return {
    act,
    calm: (warn + act) / 2,
    held: batch.filter((band) => interactive.every((other) => other < band)),
    refused: own.filter((band) => interactive.includes(band)),
    lowestTier: lowest?.name ?? "",
    keepsLine: (lowest?.guarantee ?? 0) > 0,
  };
}

/** A band that others share can carry neither a guarantee nor a ceiling: there the weight acts. */
function bandsOnlyOf(
  isOurs: (member: Member) => boolean,
  members: readonly Member[],
  indexes: ReadonlyMap<string, number>,
): number[] {
  const index = (member: Member) => indexes.get(`${member.tier}|${member.latency}`) as number;
  const others = new Set(members.filter((member) => !isOurs(member)).map(index));
  const own = new Set(members.filter(isOurs).map(index));
  return [...own].filter((band) => !others.has(band)).sort((a, b) => a - b);
}
