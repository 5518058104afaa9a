/** Setup: what the tests need of this machine beyond npm packages, a Redis server of 6.2 or newer. */
import { ensureRedis } from "../test/support/redis/ensure-redis.ts";

try {
  process.stdout.write(`redis: ${ensureRedis()}\n`);
} catch (error) {
  process.stderr.write(`setup: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
