/** Progress bar: how far a command is, on stderr: a bar on a terminal, a line for each part elsewhere. */
import { SingleBar } from "cli-progress";
import { whole } from "../figures/words.ts";
import type { Progress } from "../simulator/run/compare.ts";

const STEPS = 1_000;
const BAR_WIDTH = 30;

export function progressOn(stream: NodeJS.WriteStream): Progress {
  const isAnimated = stream.isTTY === true && !process.env["NO_COLOR"];
  return isAnimated ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): Progress {
  let bar: SingleBar | null = null;
  return {
    begun({ name }) {
      bar = new SingleBar({
        stream,
        format: `${name.padEnd(24)} {bar} {percentage} %`,
        barsize: BAR_WIDTH,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        hideCursor: true,
        gracefulExit: false, // the command ends it, on Ctrl-C too
      });
      bar.start(STEPS, 0);
    },
    at: (share) => bar?.update(Math.round(share * STEPS)),
    ended: () => bar?.stop(),
  };
}

function lines(stream: NodeJS.WriteStream): Progress {
  let startedAt = 0;
  let told = "";
  return {
    begun({ name, scenario }) {
      startedAt = performance.now();
      told = `${name}: ${whole(scenario.load.tasks.length)} tasks`;
    },
    at() {},
    ended() {
      stream.write(`${told} in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
    },
  };
}
