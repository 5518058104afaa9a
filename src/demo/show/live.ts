/** Live: the running picture on stderr; bars redrawn in place on a terminal, a few plain lines elsewhere. */
import { MultiBar } from "cli-progress";
import { duration, percent, whole } from "../../figures/words.ts";
import type { Board, TierState } from "./board.ts";

export interface LiveSetting {
  readonly policy: string;
  /** How long tasks arrive. */
  readonly seconds: number;
  readonly board: Board;
  readonly stream: NodeJS.WriteStream;
  /** Bars that are redrawn; else plain lines. */
  readonly isAnimated: boolean;
}

export interface Live {
  stop(): void;
}

const REDRAW_MS = 200;
const PLAIN_MS = 5_000;
/** So that a tier's line has 79 columns. */
const BAR_WIDTH = 6;
const NAME_WIDTH = 15;

export function startLive(setting: LiveSetting): Live {
  return setting.isAnimated ? animate(setting) : report(setting);
}

function animate({ policy, seconds, board, stream }: LiveSetting): Live {
  const bars = new MultiBar({
    stream,
    format: `${policy.padEnd(NAME_WIDTH)}{bar} {text}`,
    barsize: BAR_WIDTH,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    gracefulExit: false, // the command ends it, on Ctrl-C too
    linewrap: false, // a line that wraps cannot be redrawn
    emptyOnZero: true,
  });
  const time = bars.create(seconds, 0, { text: "" });
  const lines = board.tiers().map(({ name }) => {
    const format = `${`  ${name}`.padEnd(NAME_WIDTH)}{bar} {text}`;
    return bars.create(1, 0, { text: "" }, { format });
  });
  const redraw = () => {
    time.update(Math.min(seconds, board.elapsedSeconds), { text: headline(board, seconds) });
    board.tiers().forEach((tier, index) => {
      lines[index].update(servedShare(tier), { text: tierLine(tier) });
    });
    bars.update();
  };
  redraw();
  const timer = setInterval(redraw, REDRAW_MS);
  return {
    stop() {
      clearInterval(timer);
      redraw();
      bars.stop();
    },
  };
}

function report({ policy, seconds, board, stream }: LiveSetting): Live {
  const write = () => {
    const waiting = board.tiers().map((tier) => `${tier.name} ${tier.waiting}`);
    stream.write(`${policy}: ${headline(board, seconds)}; waiting: ${waiting.join(", ")}\n`);
  };
  const timer = setInterval(write, PLAIN_MS);
  return {
    stop() {
      clearInterval(timer);
      write();
    },
  };
}

function headline(board: Board, seconds: number): string {
  const elapsed = board.elapsedSeconds;
  const time =
    elapsed < seconds ? `${Math.floor(elapsed)} of ${Math.round(seconds)} s` : "all have arrived";
  const used = board.budgetUsed;
  const budget = used === null ? "" : `, budget used ${percent(used)}`;
  return `${time}${budget}, 429s ${whole(board.upstream429)}`;
}

/** Of all that have arrived. */
function servedShare({ served, refused, waiting }: TierState): number {
  return served === 0 ? 0 : served / (served + refused + waiting);
}

function tierLine({ served, waiting, refused, waitP50Ms, waitP99Ms }: TierState): string {
  const counts = `${pad(served)} ok ${pad(waiting)} waiting ${pad(refused)} refused`;
  if (served === 0) return counts;
  return `${counts} p50 ${padded(waitP50Ms)} p99 ${padded(waitP99Ms)}`;
}

function pad(count: number): string {
  return String(count).padStart(4);
}

function padded(ms: number): string {
  return duration(ms).padStart(7);
}
