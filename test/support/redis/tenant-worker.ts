/** Tenant worker: a process that takes slots of a shared tenant as it is told, and tells when it holds them. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createSluice, SluiceError } from "../../../src/index.ts";
import { acquireAt, type WorkerNews, type WorkerTask } from "./tenant-instances.ts";

const [task] = (await once(process, "message")) as [WorkerTask];
const sluice = await createSluice({ config: { ...task.config }, env: {} });
const tell = (news: WorkerNews) => process.send?.(news);

let left = task.calls;
let served = 0;
const codes: string[] = [];

async function lane(): Promise<void> {
  while (left-- > 0) {
    try {
      const slot = await acquireAt(sluice, task);
      tell({ kind: "granted", at: Date.now() });
      await sleep(task.holdMs);
      tell({ kind: "settled", at: Date.now() });
      slot.settle();
      served++;
    } catch (error) {
      codes.push(SluiceError.isInstance(error) ? error.code : String(error));
      return;
    }
  }
}

tell({ kind: "ready" });
await once(process, "message");
await Promise.all(Array.from({ length: task.lanes }, lane));
await sluice.close();
process.send?.({ kind: "done", served, codes } satisfies WorkerNews, () => process.disconnect());
