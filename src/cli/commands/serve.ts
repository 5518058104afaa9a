/** `sluice serve`: runs the gateway until it is told to end, and follows its configuration file. */
import { isDeepStrictEqual } from "node:util";
import { Command } from "commander";
import {
  type Config,
  describeProblem,
  type Loaded,
  loadConfig,
  watchConfig,
} from "../../config/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { describeAlert } from "../describe-alert.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { configOption, examples, jsonOption, numberBetween } from "../options.ts";
import { note, print } from "../output.ts";
import { untilToldToEnd } from "../until-told-to-end.ts";
import { remarksOn } from "./check.ts";

interface ServeOptions {
  readonly config: string;
  readonly listen?: string;
  readonly json?: boolean;
  readonly initialLevel: number;
}

export function serveCommand(): Command {
  return new Command("serve")
    .description("run the gateway; a changed configuration takes effect without a restart")
    .addOption(configOption())
    .option("--listen <host:port>", "address to listen on instead of server.listen; port 0: any")
    .option(
      "--initial-level <share>",
      "share of every limit that is free at the start, 0 to 1: less after others used the account",
      numberBetween(0, 1),
      1,
    )
    .addOption(jsonOption("print one line { ready, url } on stdout once it listens"))
    .addHelpText(
      "after",
      examples(
        "sluice serve",
        "sluice serve -c prod.yaml --listen 0.0.0.0:8787",
        "kill -HUP <pid>   # reload now",
      ),
    )
    .action(exits(serve));
}

async function serve(options: ServeOptions): Promise<ExitCode> {
  const source = { file: options.config, env: process.env, listen: options.listen };
  const loaded = loadConfig(source);
  if (!loaded.ok) {
    tellProblems(loaded);
    return EXIT.usage;
  }
  for (const line of remarksOn(options.config, loaded)) note(line);
  const gateway = await start(loaded.config, options.initialLevel);
  const stop = new AbortController();
  const take = (next: Loaded) => reload(gateway, next);
  watchConfig(source, take, stop.signal);
  const onHangUp = () => take(loadConfig(source));
  process.on("SIGHUP", onHangUp);
  tellOfLimits(gateway);
  tellOfCredentials(gateway);
  gateway.runtime.tenancy.alerts.onAlert((alert) => note(`sluice: ${describeAlert(alert)}`));
  announce(gateway, options.json === true);
  await untilToldToEnd();
  const drain = `${loaded.config.server.timeouts.drainMs / 1_000} s`;
  note(`sluice: ending; what runs may end within ${drain}, a second signal ends it now`);
  stop.abort();
  process.off("SIGHUP", onHangUp);
  await gateway.close();
  return EXIT.ok;
}

async function start(config: Config, initialLevel: number): Promise<Gateway> {
  try {
    return await startGateway({ config, initialLevel });
  } catch (error) {
    if (SluiceError.isInstance(error)) throw error;
    const { host, port } = config.server.listen;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot listen on ${host}:${port}: ${why}`, { cause: error });
  }
}

function announce({ url, runtime }: Gateway, isJson: boolean): void {
  if (isJson) print(JSON.stringify({ ready: true, url }));
  else note(`sluice: listening on ${url} (pid ${process.pid})`);
  const { upstreams } = runtime.config;
  const tenants = runtime.directory.known;
  const access = runtime.directory.hasKeys ? "keys required" : "no keys: anyone may use it";
  note(
    `sluice: upstreams ${[...upstreams.keys()].join(", ") || "none"}; ${tenants.size} tenants, ${access}`,
  );
}

/** A credential that cannot be renewed needs somebody. */
function tellOfCredentials({ runtime }: Gateway): void {
  runtime.onCredentialFailed = ({ message }) => note(`sluice: ${message}`);
}

/** What headers teach of limits is for whoever wrote the configuration. */
function tellOfLimits({ runtime }: Gateway): void {
  runtime.limits.onDiffers = ({ upstream, dimension, selector, configured, told }) => {
    note(
      `sluice: ${upstream}: limit differs: ${dimension} of ${selector}: configured ${configured}, the provider says ${told}; the lower holds`,
    );
  };
  runtime.limits.onLearned = ({ upstream, model, dimension, limit, perMs }) => {
    const per = perMs === null ? "at a time" : `per ${perMs / 1_000} s`;
    const of = model === null ? "" : ` for ${model}`;
    note(`sluice: ${upstream}: learned ${limit} ${dimension} ${per}${of}`);
  };
}

/** An invalid file changes nothing and says why. */
function reload(gateway: Gateway, next: Loaded): void {
  if (!next.ok) {
    tellProblems(next);
    note("sluice: the configuration stays as it was");
    return;
  }
  const { store, server } = gateway.runtime.config;
  const { listen: before, dataDir } = server;
  const { host, port } = before;
  gateway.reconfigure(next.config);
  note("sluice: configuration reloaded");
  const { listen } = next.config.server;
  if (listen.host !== host || listen.port !== port) {
    note("sluice: server.listen has changed; that needs a restart");
  }
  if (next.config.server.dataDir !== dataDir) {
    note("sluice: server.data_dir has changed; that needs a restart");
  }
  if (!isDeepStrictEqual(next.config.store, store)) {
    note("sluice: store has changed; that needs a restart");
  }
}

function tellProblems(loaded: Extract<Loaded, { ok: false }>): void {
  for (const problem of loaded.problems) note(describeProblem(problem));
}
