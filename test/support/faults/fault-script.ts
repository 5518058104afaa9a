/** Fault script: what goes wrong at which upstream, and when, in an hour of virtual time. */
import { pick } from "../gateway-random.ts";

export type Fault =
  | "none"
  | "quota"
  | "quota-with-hint"
  | "overload"
  | "error"
  | "timeout"
  | "reset"
  | "unreachable"
  | "billing"
  | "slow"
  | "error-before-content"
  | "error-in-stream"
  | "cut-stream";

export type UpstreamName = "first" | "second";

/** For a while, this share of an upstream's calls ends so. */
interface Episode {
  readonly upstream: UpstreamName;
  readonly fromMinute: number;
  readonly minutes: number;
  readonly share: number;
  readonly faults: readonly Fault[];
}

const EPISODES: readonly Episode[] = [
  { upstream: "first", fromMinute: 4, minutes: 2, share: 1, faults: ["overload"] },
  { upstream: "second", fromMinute: 9, minutes: 3, share: 0.5, faults: ["quota-with-hint"] },
  { upstream: "first", fromMinute: 13, minutes: 2, share: 0.6, faults: ["error", "reset"] },
  { upstream: "first", fromMinute: 18, minutes: 5, share: 1, faults: ["billing"] },
  {
    upstream: "second",
    fromMinute: 25,
    minutes: 2,
    share: 0.9,
    faults: ["timeout", "unreachable"],
  },
  { upstream: "first", fromMinute: 30, minutes: 3, share: 0.7, faults: ["quota", "slow"] },
  { upstream: "second", fromMinute: 30, minutes: 3, share: 0.7, faults: ["quota", "overload"] },
  { upstream: "first", fromMinute: 38, minutes: 2, share: 1, faults: ["unreachable"] },
  { upstream: "second", fromMinute: 38, minutes: 2, share: 1, faults: ["error"] },
  { upstream: "second", fromMinute: 44, minutes: 3, share: 0.8, faults: ["cut-stream", "slow"] },
];

const AT_ANY_TIME: readonly Fault[] = [
  "quota",
  "quota-with-hint",
  "overload",
  "error",
  "timeout",
  "reset",
  "unreachable",
  "slow",
  "error-before-content",
  "error-in-stream",
  "cut-stream",
];
const SHARE_AT_ANY_TIME = 0.15;

/** The last minutes are calm, so that everything can end. */
const CALM_FROM_MINUTE = 55;

export function faultAt(upstream: UpstreamName, minute: number, random: () => number): Fault {
  if (minute >= CALM_FROM_MINUTE) return "none";
  const episode = EPISODES.find(
    (one) =>
      one.upstream === upstream &&
      minute >= one.fromMinute &&
      minute < one.fromMinute + one.minutes,
  );
  if (episode !== undefined && random() < episode.share) return pick(random, episode.faults);
  return random() < SHARE_AT_ANY_TIME ? pick(random, AT_ANY_TIME) : "none";
}
