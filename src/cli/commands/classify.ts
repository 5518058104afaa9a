/** `sluice classify`: says what recorded responses of providers mean, one JSON line for each. */
import { once } from "node:events";
import { Command } from "commander";
import { boundedLines, type Line } from "../classify/bounded-lines.ts";
import { parseRecorded, verdictOf } from "../classify/recorded-response.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { messageOf } from "../failure.ts";
import { examples } from "../options.ts";
import { note } from "../output.ts";

/** Characters; a longer response would not be judged as a whole by the gateway either. */
const LONGEST_LINE = 4_194_304;

export function classifyCommand(): Command {
  return new Command("classify")
    .description("say what recorded responses mean: JSON lines on stdin, JSON lines on stdout")
    .addHelpText(
      "after",
      [
        "\nIn:  { id, provider, status, headers, body (object or text), stream, observedAt? }",
        "Out: { id, class, dimension, retryable, retryAfterMs }",
        examples("sluice classify < responses.jsonl", "sluice classify < one.json | jq .class"),
      ].join("\n"),
    )
    .action(exits(() => classify(process.stdin)));
}

/** Every line is answered or named as wrong; what is wrong stops nothing. */
async function classify(input: AsyncIterable<Uint8Array | string>): Promise<ExitCode> {
  let answered = 0;
  let wrong = 0;
  for await (const line of boundedLines(input, LONGEST_LINE)) {
    if (line.text?.trim() === "") continue;
    const answer = answerTo(line);
    if (answer === null) wrong++;
    else {
      answered++;
      await write(answer);
    }
  }
  if (wrong === 0) return EXIT.ok;
  return answered > 0 ? EXIT.partial : EXIT.usage;
}

function answerTo({ number, text }: Line): string | null {
  if (text === null) {
    note(`sluice: line ${number}: longer than ${LONGEST_LINE} characters`);
    return null;
  }
  try {
    const recorded = parseRecorded(text, Date.now());
    return JSON.stringify({ id: recorded.id, ...verdictOf(recorded) });
  } catch (error) {
    note(`sluice: line ${number}: ${messageOf(error)}`);
    return null;
  }
}

/** Waits for a reader that is slower than we are. */
async function write(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}
