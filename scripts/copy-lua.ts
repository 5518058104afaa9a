/** Copy Lua: what the compiler leaves behind of the Redis store goes beside its compiled modules. */
import { cpSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = "stores/redis/lua";
cpSync(join(root, "src", folder), join(root, "dist", folder), { recursive: true });
