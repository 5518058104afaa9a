/** With Redis: one real server for a file of tests, emptied before each of them. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { RedisTime } from "./instance.ts";
import { RedisServer } from "./redis-server.ts";

/** `prepare` is called before each test. */
export function withRedis(prepare: (redis: Redis, time: RedisTime) => void): void {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });
  beforeEach(async () => {
    await redis.flushall();
    prepare(redis, new RedisTime());
  });
}
