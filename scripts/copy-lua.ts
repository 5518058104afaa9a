/** Copy Lua: what the compiler leaves behind of the Redis stores goes beside its compiled modules. */
import { cpSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
for (const folder of ["stores/redis/lua", "stores/tenants/redis/lua"]) {
  cpSync(join(root, "src", folder), join(root, "dist", folder), { recursive: true });
}
