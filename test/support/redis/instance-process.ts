/** Instance process: an instance that can be killed; it asks for as many requests as it is told and holds them. */

import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import type { SharedPath } from "../../../src/stores/redis/client/entry.ts";
import { openQueue, request } from "./queues.ts";

const [url] = process.argv.slice(2);
const queue = openQueue(url, { name: `process-${process.pid}` });
const never = new AbortController().signal;

process.on("message", ({ count, path }: { count: number; path: SharedPath }) => {
  for (let i = 0; i < count; i++) {
    acquire(queue, request(path), never).then(
      () => process.send?.("granted"),
      () => process.send?.("refused"),
    );
  }
});
process.send?.("ready");
