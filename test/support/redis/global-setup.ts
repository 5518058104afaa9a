/** Global setup: installs a Redis server once before all tests; tests that need one say so if there is none. */
import { ensureRedis } from "./ensure-redis.ts";

export function setup(): void {
  try {
    ensureRedis();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
