/** Output: results on stdout, everything else on stderr; colours only on a terminal. */
import { styleText } from "node:util";

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress, notes and problems: what must not mix with a result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Bold where the stream shows it; heeds NO_COLOR. */
export function emphasised(text: string, stream: NodeJS.WriteStream): string {
  return styleText("bold", text, { stream });
}

/** A reader that has seen enough (`| head`) closes the pipe: that ends the command quietly. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
}
