/** `sluice key create`: makes a tenant's key and the hash that the configuration stores. */
import { createHash, randomBytes } from "node:crypto";
import { Command } from "commander";
import { EXIT, type ExitCode, exits } from "../exit.ts";
import { examples, jsonOption } from "../options.ts";
import { note, printJson } from "../output.ts";

/** As many as the hash has; nothing shorter could be guessed sooner. */
const KEY_BYTES = 32;

export function keyCommand(): Command {
  return new Command("key")
    .description("make keys for tenants")
    .addHelpText("after", examples("sluice key create"))
    .addCommand(createCommand());
}

function createCommand(): Command {
  return new Command("create")
    .description("make a key: give it to the client, put its hash under tenants.<name>.keys")
    .addOption(jsonOption("print the JSON object only"))
    .addHelpText("after", examples("sluice key create", "sluice key create --json | jq -r .hash"))
    .action(exits(({ json = false }: { json?: boolean }) => create(json)));
}

function create(isJson: boolean): ExitCode {
  const key = `sk-sluice-${randomBytes(KEY_BYTES).toString("base64url")}`;
  const hash = `sha256:${createHash("sha256").update(key).digest("hex")}`;
  printJson({ key, hash });
  if (!isJson) note("The key is shown only now; the hash goes under tenants.<name>.keys.");
  return EXIT.ok;
}
