/** Timed: the tasks of a recording at the times at which they come, and how long they do. */
import type { LoadTask } from "../../workload/load.ts";
import type { Random } from "../../workload/random.ts";
import type { Recording } from "../../workload/read-recording.ts";
import type { Prices } from "../standing.ts";
import { USUAL_TIMING } from "../world/timing.ts";
import { type PaceWish, recordedPace, scaledPace, scaleOf } from "./pace.ts";
import type { Place } from "./place.ts";
import { tasksOfRows } from "./tasks-of-rows.ts";
import { tasksOfSessions } from "./tasks-of-sessions.ts";

export interface Timed {
  readonly tasks: readonly LoadTask[];
  readonly seconds: number;
}

export interface TimedWish extends PaceWish {
  readonly seed: number;
}

/** Sessions go on for days; an hour of many of them shows what there is to see. */
const SESSION_SECONDS = 3_600;

export function timedTasks(
  recording: Recording,
  place: Place,
  wish: TimedWish,
  random: Random,
): Timed {
  return recording.kind === "requests"
    ? timedRequests(tasksOfRows(recording.rows, place, random), place, wish)
    : timedSessions(recording.rows, place, wish, random);
}

function timedRequests(recorded: readonly LoadTask[], place: Place, wish: TimedWish): Timed {
  const prices = pricesToMeet(place, wish);
  const spanSeconds = recorded[recorded.length - 1].atMs / 1_000;
  const { speed, seconds } =
    prices === null
      ? recordedPace(spanSeconds, wish.speed ?? 1, wish.seconds)
      : scaledPace(recorded, prices, wish);
  const tasks = recorded.map((task) => ({ ...task, atMs: task.atMs / speed }));
  const isWhole = seconds >= spanSeconds / speed;
  const end = seconds * 1_000;
  return { tasks: isWhole ? tasks : tasks.filter(({ atMs }) => atMs < end), seconds };
}

/** With limits to meet, sessions take place so often that they ask for as much as is wished. */
function timedSessions(
  rows: Extract<Recording, { kind: "sessions" }>["rows"],
  place: Place,
  wish: TimedWish,
  random: Random,
): Timed {
  const { seed } = wish;
  const seconds = wish.seconds ?? SESSION_SECONDS;
  const once = { seed, seconds, speed: wish.speed ?? 1, repeats: 1 };
  const tasks = tasksOfSessions(rows, place, once, random);
  const prices = pricesToMeet(place, wish);
  if (prices === null || tasks.length === 0) return { tasks, seconds };
  const repeats = wish.scale / scaleOf(tasks, prices, seconds);
  return { tasks: tasksOfSessions(rows, place, { ...once, repeats }, random), seconds };
}

/** Null: the load comes as it was recorded, or at the speed that was asked for. */
function pricesToMeet({ dialect, limits }: Place, { speed, seed }: TimedWish): Prices | null {
  if (limits === null || speed !== null) return null;
  return { dialect, limits, timing: USUAL_TIMING, seed };
}
