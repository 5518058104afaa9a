/** `sluice schema`: prints the JSON Schema of sluice.yaml. */
import { Command } from "commander";
import { configJsonSchema } from "../../config/index.ts";
import { EXIT, exits } from "../exit.ts";
import { examples } from "../options.ts";
import { printJson } from "../output.ts";

export function schemaCommand(): Command {
  return new Command("schema")
    .description("print the JSON Schema of the configuration, for editors and checks")
    .addHelpText("after", examples("sluice schema > sluice.schema.json"))
    .action(
      exits(() => {
        printJson(configJsonSchema());
        return EXIT.ok;
      }),
    );
}
