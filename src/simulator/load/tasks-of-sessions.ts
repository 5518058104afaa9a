/**
 * Tasks of sessions: recorded agents at work, each step after the one before it has been answered.
 *
 * Recordings tell no time of day, so sessions lie anywhere in the run: some have begun before it.
 */
import type { LoadTask } from "../../workload/load.ts";
import type { SessionRow } from "../../workload/parse-sessions.ts";
import type { Random } from "../../workload/random.ts";
import { serviceOf, USUAL_TIMING } from "../world/timing.ts";
import { chargeFor } from "./charge.ts";
import { drawClient } from "./clients.ts";
import type { Place } from "./place.ts";

/** Nights and lunches are no load. */
const LONGEST_THINK_MS = 120_000;

export interface SessionWish {
  readonly seed: number;
  /** Recorded seconds of thinking that pass in one of ours. */
  readonly speed: number;
  readonly seconds: number;
  /** How often each session takes place; of a fraction, by seed. */
  readonly repeats: number;
}

/** A step as it is foreseen: when, if nothing had to wait. */
interface Step {
  readonly row: SessionRow;
  /** Since its session's start. */
  readonly atMs: number;
  readonly endsAtMs: number;
  readonly after: Step | null;
  readonly thinkMs: number;
}

/** In the order in which they are foreseen, all in the first tier. */
export function tasksOfSessions(
  rows: readonly SessionRow[],
  place: Place,
  wish: SessionWish,
  random: Random,
): LoadTask[] {
  const plans = [...Map.groupBy(rows, ({ session }) => session).values()].map((own) =>
    stepsOf(own, place, wish),
  );
  const placed = plans.flatMap((steps) =>
    Array.from({ length: timesOf(wish.repeats, random) }, () => placedIn(steps, wish, random)),
  );
  return numbered(placed.flat(), place);
}

interface PlacedStep {
  readonly step: Step;
  readonly tenant: string;
  readonly atMs: number;
  /** All of the same session at the same time. */
  readonly siblings: ReadonlyMap<Step, PlacedStep>;
}

function timesOf(repeats: number, random: Random): number {
  const whole = Math.floor(repeats);
  return whole + (random() < repeats - whole ? 1 : 0);
}

/** Those steps of a session that fall into the run, if it begins somewhere from before it on. */
function placedIn(steps: readonly Step[], { seconds }: SessionWish, random: Random): PlacedStep[] {
  const tenant = drawClient(random);
  const length = Math.max(...steps.map(({ endsAtMs }) => endsAtMs));
  const startMs = random() * (seconds * 1_000 + length) - length;
  const siblings = new Map<Step, PlacedStep>();
  for (const step of steps) {
    const atMs = startMs + step.atMs;
    if (atMs >= 0 && atMs < seconds * 1_000) siblings.set(step, { step, tenant, atMs, siblings });
  }
  return [...siblings.values()];
}

function numbered(placed: readonly PlacedStep[], place: Place): LoadTask[] {
  const inOrder = placed.toSorted((a, b) => a.atMs - b.atMs);
  const ids = new Map(inOrder.map((one, id) => [one, id]));
  return inOrder.map(({ step, tenant, atMs, siblings }, id) => {
    const before = step.after === null ? undefined : siblings.get(step.after);
    return {
      ...askedBy(step.row, place),
      id,
      atMs,
      tenant,
      after: before ? { task: ids.get(before) as number, thinkMs: step.thinkMs } : null,
    };
  });
}

/** Threads of one session; a sub-agent's begins after the step of the main one that was under way. */
function stepsOf(rows: readonly SessionRow[], place: Place, wish: SessionWish): Step[] {
  const latest = new Map<string, Step>();
  const main = rows[0].thread;
  return rows.map((row) => {
    const before = latest.get(row.thread) ?? latest.get(main) ?? null;
    const step = stepAfter(before, row, place, wish);
    latest.set(row.thread, step);
    return step;
  });
}

function stepAfter(
  before: Step | null,
  row: SessionRow,
  place: Place,
  { seed, speed }: SessionWish,
): Step {
  const thinkMs = Math.min(row.thinkSeconds * 1_000, LONGEST_THINK_MS) / speed;
  const atMs = before === null ? 0 : before.endsAtMs + thinkMs;
  const task = { ...askedBy(row, place), id: 0, atMs, tenant: "", after: null };
  const serviceMs = serviceOf(task, USUAL_TIMING, seed).whole / 1_000;
  return { row, atMs, endsAtMs: atMs + serviceMs, after: before, thinkMs };
}

function askedBy(row: SessionRow, place: Place) {
  const { dialect } = place;
  // Anthropic's limits leave out what comes from a cache.
  const reused = dialect === "anthropic" ? row.reusableTokens : 0;
  const inputTokens = Math.max(1, row.inputTokens - reused);
  const outputTokens = Math.max(1, row.outputTokens);
  return {
    tier: 0,
    latency: "real-time" as const,
    inputTokens,
    outputTokens,
    cost: chargeFor({ inputTokens, outputTokens }, dialect),
    model: place.modelOf(row.model),
  };
}
