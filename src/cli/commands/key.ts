/** `sluice key`: makes keys, and with a tenant lists, rotates and revokes them. */
import { Command } from "commander";
import { newKey } from "../../tenants/new-key.ts";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { examples, jsonOption } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { askTenants, DESK_OPTIONS, type DeskOptions } from "../tenants/tenant-desk.ts";

interface CreateOptions extends DeskOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly label?: string;
  readonly expires?: string;
}

interface KeyOptions extends DeskOptions {
  readonly json?: boolean;
  readonly tenant: string;
}

interface RotateOptions extends KeyOptions {
  readonly grace: string;
  readonly expires?: string;
}

const SHOWN_ONCE = "The key is shown only now";

export function keyCommand(): Command {
  return new Command("key")
    .description("make, list, rotate and revoke keys of tenants")
    .addHelpText(
      "after",
      examples("sluice key create", "sluice key create --tenant acme --expires 90d"),
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}

function createCommand(): Command {
  return withDesk("create", "make a key; without --tenant its hash goes under tenants.<name>.keys")
    .option("--tenant <id>", "a tenant of the admin API, which has the key at once")
    .option("--label <text>", "what it is for")
    .option("--expires <when>", "a duration such as 90d, or a time; absent: never")
    .addHelpText(
      "after",
      examples(
        "sluice key create --json | jq -r .hash",
        "sluice key create --tenant acme --expires 90d --url http://127.0.0.1:8787",
      ),
    )
    .action(exits((options: CreateOptions) => create(options)));
}

async function create(options: CreateOptions): Promise<ExitCode> {
  const { tenant, label, expires, json } = options;
  if (tenant === undefined) {
    const { key, hash } = newKey();
    printJson({ key, hash });
    if (!json) note(`${SHOWN_ONCE}; the hash goes under tenants.<name>.keys.`);
    return EXIT.ok;
  }
  const path = ["tenants", tenant, "keys"];
  printJson(await askTenants(options, { method: "POST", path, body: { label, expires } }));
  if (!json) note(`${SHOWN_ONCE}.`);
  return EXIT.ok;
}

function listCommand(): Command {
  return ofTenant("list", "list a tenant's keys", "sluice key list --tenant acme").action(
    exits(async (options: KeyOptions) => {
      const path = ["tenants", options.tenant, "keys"];
      const answer = await askTenants(options, { method: "GET", path });
      if (options.json) printJson(answer);
      else printList(answer["keys"] as readonly Listed[]);
      return EXIT.ok;
    }),
  );
}

function rotateCommand(): Command {
  const example = "sluice key rotate key_3f9a6c1d2e4b5a70 --tenant acme --grace 24h";
  return ofTenant(
    "rotate",
    "make a key in place of another, which stays valid for a while",
    example,
  )
    .argument("<key>", "the id of the old one")
    .option("--grace <duration>", "how long the old one stays valid", "1h")
    .option("--expires <when>", "of the new one: a duration such as 90d, or a time; absent: never")
    .action(
      exits(async (rotate: string, options: RotateOptions) => {
        const { tenant, grace, expires, json } = options;
        const path = ["tenants", tenant, "keys"];
        const body = { rotate, grace, expires };
        printJson(await askTenants(options, { method: "POST", path, body }));
        if (!json) note(`${SHOWN_ONCE}.`);
        return EXIT.ok;
      }),
    );
}

function revokeCommand(): Command {
  const example = "sluice key revoke key_3f9a6c1d2e4b5a70 --tenant acme";
  return ofTenant("revoke", "end a key at once", example)
    .argument("<key>", "its id")
    .action(
      exits(async (key: string, options: KeyOptions) => {
        const path = ["tenants", options.tenant, "keys", key];
        const answer = await askTenants(options, { method: "DELETE", path });
        if (options.json) printJson(answer);
        else note(`sluice: key ${key} is revoked`);
        return EXIT.ok;
      }),
    );
}

function withDesk(name: string, description: string): Command {
  const made = new Command(name).description(description);
  for (const option of DESK_OPTIONS) made.addOption(option());
  return made.addOption(jsonOption("print the JSON object only"));
}

function ofTenant(name: string, description: string, example: string): Command {
  return withDesk(name, description)
    .requiredOption("--tenant <id>", "whose key it is")
    .addHelpText("after", examples(example));
}

interface Listed {
  readonly id?: string;
  /** Of a tenant in the file its beginning is all that is known. */
  readonly hash?: string;
  readonly hint?: string;
  readonly label?: string;
  readonly state: string;
  readonly expires_at?: string | null;
}

function printList(keys: readonly Listed[]): void {
  for (const { id, hash = "", hint = "", label = "", state, expires_at: expires } of keys) {
    const end = hint === "" ? hash : `...${hint}`;
    print([id ?? "in the file", end, state, expires ?? "never expires", label].join("\t"));
  }
}
