/** `sluice mock`: runs a provider that really limits, for tests and for trying Sluice out. */
import { Command, Option } from "commander";
import { SluiceError } from "../../core/errors.ts";
import {
  DIALECT_NAMES,
  type DialectName,
  MOCK_LIMITS,
  type MockLimits,
  type MockOptions,
  type MockServer,
  parseMockLimits,
  startMock,
} from "../../mock/index.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { ANY_NUMBER, examples, jsonOption } from "../options.ts";
import { note, print } from "../output.ts";
import { untilToldToEnd } from "../until-told-to-end.ts";

interface MockCommandOptions {
  readonly dialect: DialectName;
  readonly port: number;
  readonly limits?: string;
  readonly startEmpty?: boolean;
  readonly firstTokenMs?: number;
  readonly tokensPerSecond?: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function mockCommand(): Command {
  return new Command("mock")
    .description("run a mock provider that limits, streams and fails as the real one does")
    .addOption(
      new Option("--dialect <name>", "whose API to speak").choices(DIALECT_NAMES).default("openai"),
    )
    .option("--port <number>", "port on 127.0.0.1; 0: any", ANY_NUMBER, 0)
    .option(
      "--limits <list>",
      `${MOCK_LIMITS.join(" ")} (default: what the provider's default tier has; openai, anthropic: none)`,
    )
    .option("--start-empty", "begin with empty buckets instead of a minute's burst")
    .option("--first-token-ms <ms>", "median time to the first token", ANY_NUMBER)
    .option("--tokens-per-second <n>", "speed after it; 0: unpaced", ANY_NUMBER)
    .option("--seed <number>", "seed of lengths, times and ids", ANY_NUMBER, 1)
    .addOption(jsonOption("print one line { ready, url, controlUrl } on stdout once it listens"))
    .addHelpText(
      "after",
      examples(
        "sluice mock --dialect openai --port 9001 --limits rpm=60,tpm=10k",
        "sluice mock --dialect anthropic --limits rpm=50,itpm=30k,otpm=8k",
        "sluice mock --dialect hubspot --limits rp10s=190,rpd=650k",
        "sluice mock --dialect shopify --limits points=2000",
      ),
    )
    .action(exits(mock));
}

async function mock(options: MockCommandOptions): Promise<ExitCode> {
  const { dialect, port, startEmpty, seed, firstTokenMs, tokensPerSecond } = options;
  const server = await start({
    dialect,
    port,
    seed,
    startEmpty,
    limits: limitsOf(options.limits),
    latency: {
      ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
      ...(tokensPerSecond === undefined ? {} : { tokensPerSecond }),
    },
  });
  const { url, controlUrl } = server;
  if (options.json) print(JSON.stringify({ ready: true, url, controlUrl }));
  else note(`sluice: mock ${dialect} on ${url}, control on ${controlUrl}`);
  await untilToldToEnd();
  await server.close();
  return EXIT.ok;
}

/** What is wrong with an option is the user's to mend; what the system says (a port that is taken) is not. */
async function start(options: MockOptions): Promise<MockServer> {
  try {
    return await startMock(options);
  } catch (error) {
    throw error instanceof Error && !("code" in error) ? wrongOption(error) : error;
  }
}

function limitsOf(text: string | undefined): MockLimits | undefined {
  try {
    return text === undefined ? undefined : parseMockLimits(text);
  } catch (error) {
    throw wrongOption(error as Error);
  }
}

function wrongOption({ message }: Error): SluiceError {
  return new SluiceError("invalid_request", `--${message}`);
}
