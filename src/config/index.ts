/** Configuration, seen from outside: load it, watch it, name its problems. */
export type * from "./config.ts";
export type { InactiveKey } from "./inactive.ts";
export { type Loaded, loadConfig } from "./load.ts";
export { describeProblem } from "./problem.ts";
export { configJsonSchema } from "./schema/config-schema.ts";
export { watchConfig } from "./watch.ts";
