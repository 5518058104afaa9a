/** `sluice tenant`: create, list, show, block, export and erase tenants, of a running gateway or of its data folder. */
import { Command, InvalidArgumentError } from "commander";
import { QUOTA_NAMES } from "../../core/quota/quota-kind.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { examples, jsonOption } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import {
  askTenants,
  DESK_OPTIONS,
  type DeskOptions,
  type DeskQuestion,
} from "../tenants/tenant-desk.ts";

interface TenantOptions extends DeskOptions {
  readonly json?: boolean;
}

interface CreateOptions extends TenantOptions {
  readonly tier?: string;
  readonly weight?: string;
  readonly quota?: Readonly<Record<string, string>>;
  readonly maxParallel?: string;
  readonly models?: string;
  readonly credentials?: string;
  readonly latencyMax?: string;
}

interface ListOptions extends TenantOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: string;
}

export function tenantCommand(): Command {
  return new Command("tenant")
    .description("create, change and erase tenants while the gateway runs")
    .addHelpText(
      "after",
      examples(
        "sluice tenant create acme --tier premium --quota tpd=50M",
        "sluice key create --tenant acme --expires 90d",
        "sluice tenant block acme --url http://127.0.0.1:8787",
      ),
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(blockCommand("block", true))
    .addCommand(blockCommand("unblock", false))
    .addCommand(exportCommand())
    .addCommand(eraseCommand());
}

function createCommand(): Command {
  return command(
    "create <id>",
    "make a tenant",
    "sluice tenant create acme --tier premium --quota tpd=50M",
  )
    .option("--tier <name>", "its tier; absent: defaults.tier")
    .option("--weight <number>", "multiplies the tier's weight")
    .option("--quota <name=amount>", `may be repeated: ${QUOTA_NAMES.join(", ")}`, quotaIn)
    .option("--max-parallel <number>", "requests that may run at once")
    .option("--models <list>", "models, aliases or globs, with commas between them")
    .option("--credentials <list>", "names of upstream credentials, with commas between them")
    .option("--latency-max <class>", "most urgent latency class it may claim")
    .action(
      exits(async (id: string, options: CreateOptions) => {
        const body = { id, ...settingsIn(options) };
        return tell(
          options,
          { method: "POST", path: ["tenants"], body },
          `tenant ${id} is created`,
        );
      }),
    );
}

function listCommand(): Command {
  return command("list", "list tenants by name", "sluice tenant list --prefix acme")
    .option("--prefix <text>", "only names that begin with it")
    .option("--after <name>", "only names after it")
    .option("--limit <number>", "how many, up to 1000")
    .action(
      exits(async (options: ListOptions) => {
        const { prefix, after, limit } = options;
        const query = given({ prefix, after, limit });
        const answer = await askTenants(options, { method: "GET", path: ["tenants"], query });
        if (options.json) printJson(answer);
        else printList(answer);
        return EXIT.ok;
      }),
    );
}

function showCommand(): Command {
  return command(
    "show <id>",
    "show a tenant, its keys, quotas and use",
    "sluice tenant show acme",
  ).action(
    exits(async (id: string, options: TenantOptions) => {
      printJson(await askTenants(options, { method: "GET", path: ["tenants", id] }));
      return EXIT.ok;
    }),
  );
}

function blockCommand(name: "block" | "unblock", blocked: boolean): Command {
  const what = blocked ? "refuse everything a tenant asks" : "serve a blocked tenant again";
  return command(`${name} <id>`, what, `sluice tenant ${name} acme`).action(
    exits(async (id: string, options: TenantOptions) => {
      const question = { method: "PATCH", path: ["tenants", id], body: { blocked } };
      return tell(options, question, `tenant ${id} is ${name}ed`);
    }),
  );
}

function exportCommand(): Command {
  const what = "print everything that is kept of a tenant as JSON";
  return command("export <id>", what, "sluice tenant export acme > acme.json").action(
    exits(async (id: string, options: TenantOptions) => {
      const query = { export: "true" };
      printJson(await askTenants(options, { method: "GET", path: ["tenants", id], query }));
      return EXIT.ok;
    }),
  );
}

function eraseCommand(): Command {
  const what = "erase a tenant and everything that is kept of it, for good";
  return command("erase <id>", what, "sluice tenant erase acme").action(
    exits(async (id: string, options: TenantOptions) => {
      const question = { method: "DELETE", path: ["tenants", id], query: { erase: "true" } };
      return tell(options, question, `tenant ${id} is erased`);
    }),
  );
}

function command(usage: string, description: string, example: string): Command {
  const made = new Command(usage.split(" ")[0]).description(description);
  const [, argument] = / (<\w+>)/.exec(usage) ?? [];
  if (argument !== undefined) made.argument(argument, "the tenant's name");
  for (const create of DESK_OPTIONS) made.addOption(create());
  return made.addOption(jsonOption()).addHelpText("after", examples(example));
}

async function tell(
  options: TenantOptions,
  question: DeskQuestion,
  done: string,
): Promise<ExitCode> {
  const answer = await askTenants(options, question);
  if (options.json) printJson(answer);
  else note(`sluice: ${done}`);
  return EXIT.ok;
}

function settingsIn(options: CreateOptions) {
  return given({
    tier: options.tier,
    weight: options.weight,
    quotas: options.quota,
    max_parallel_requests: options.maxParallel,
    models: options.models?.split(","),
    credentials: options.credentials?.split(","),
    latency_max: options.latencyMax,
  });
}

function given<T>(fields: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, T>;
}

/** `tpd=50M`; commander names the option in the message. */
function quotaIn(text: string, before: Readonly<Record<string, string>> = {}) {
  const [, name, amount] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || !(QUOTA_NAMES as readonly string[]).includes(name)) {
    throw new InvalidArgumentError(
      `Allowed: name=amount, with a name of ${QUOTA_NAMES.join(", ")}.`,
    );
  }
  return { ...before, [name]: amount };
}

interface Listed {
  readonly id: string;
  readonly tier?: string;
  readonly source: string;
  readonly blocked: boolean;
  readonly keys: number;
  readonly quotas: Readonly<Record<string, number>>;
}

function printList({ tenants, next }: Readonly<Record<string, unknown>>): void {
  for (const { id, tier = "-", source, blocked, keys, quotas } of tenants as readonly Listed[]) {
    const amounts = Object.entries(quotas).map(([name, amount]) => `${name}=${amount}`);
    const state = blocked ? "blocked" : "open";
    const columns = [id, tier, source, state, `${keys} keys`, amounts.join(" ") || "no quotas"];
    print(columns.join("\t"));
  }
  if (next !== null) note(`sluice: there are more; --after ${String(next)}`);
}
