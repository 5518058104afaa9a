/** Config schema: the whole of `sluice.yaml` as one schema, which gives types, defaults and JSON Schema. */
import { z } from "zod";
import { strict } from "./leaf.ts";
import { policy } from "./policy.ts";
import { server, store } from "./server.ts";
import {
  alerts,
  breaker,
  cache,
  classifier,
  jobs,
  prices,
  retention,
  retry,
  telemetry,
} from "./services.ts";
import { defaults, taskTypes, tenants, tiers } from "./tenancy.ts";
import { models, upstreams } from "./upstream.ts";

export const configSchema = strict({
  server,
  store,
  policy,
  defaults,
  tiers,
  tenants,
  task_types: taskTypes,
  upstreams,
  models,
  prices,
  retry,
  breaker,
  cache,
  classifier,
  alerts,
  telemetry,
  retention,
  jobs,
});

/** Checked and in units of the program, but shaped as it was written. */
export type CheckedConfig = z.output<typeof configSchema>;

/** JSON Schema (draft 2020-12) of the file as it is written. */
export function configJsonSchema(): Record<string, unknown> {
  const described = configSchema.meta({
    title: "Sluice configuration",
    description: "sluice.yaml; quantities are numbers or texts such as 30k, 32MiB or 5m",
  });
  return { ...z.toJSONSchema(described, { io: "input", target: "draft-2020-12" }) };
}
