/** Until told to end: a server command runs until SIGTERM or SIGINT; a second one ends it at once. */
import { EXIT } from "./exit.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

export function untilToldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    let isTold = false;
    const end = () => {
      if (isTold) process.exit(EXIT.interrupted);
      isTold = true;
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, end);
  });
}
