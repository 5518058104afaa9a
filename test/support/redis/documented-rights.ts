/** Documented rights: the user of docs/redis.md, made on a server as the page says. */
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { redisMajor } from "./ensure-redis.ts";

const PAGE = readFileSync(new URL("../../../docs/redis.md", import.meta.url), "utf8");
/** Not known before 7.0. */
const SHARDED = ["+spublish", "+ssubscribe", "+sunsubscribe"];

const [, rules] = /```text\n([\s\S]+?)```/.exec(PAGE) ?? [];
export const RULES = rules.trim().split("\n");
const IN_CLUSTER = redisMajor() >= 7 ? ["+cluster|slots", "+cluster|info"] : ["+cluster"];

export async function createUser(admin: Redis, isCluster = false): Promise<void> {
  const further = isCluster ? [`ACL SETUSER sluice ${IN_CLUSTER.join(" ")}`] : [];
  for (const line of [...RULES, ...further]) {
    const [command, ...words] = line.split(" ");
    const known = words.filter((word) => redisMajor() >= 7 || !SHARDED.includes(word));
    await admin.call(command, ...known);
  }
}

/** The same server, as that user. */
export function asUser(url: string): string {
  return url.replace("//", "//sluice:a-long-password@");
}
