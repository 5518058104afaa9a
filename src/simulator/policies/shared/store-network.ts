/** Store network: the way of each message between the programs and their store, which does one step after the other. */
import type { Connection } from "../../../stores/redis/connection.ts";
import { decodeRequest, encodeReply } from "../../../stores/redis/served-messages.ts";
import type { StoreNetwork as NetworkSetting } from "../../setting.ts";
import type { Traffic } from "../../store-traffic.ts";
import { draw, PURPOSE, type Purpose } from "../../world/draw.ts";
import { micros } from "../../world/timing.ts";
import { START } from "../../world/world.ts";
import type { Scene } from "../policy.ts";
import { logNormal } from "./log-normal.ts";
import { SharedStore } from "./shared-store.ts";
import type { QueueSize } from "./store-queue.ts";

/** As the connection to Redis does: what is not answered in this time is asked again. */
const ANSWER_MICROS = 1_000_000;

export class StoreNetwork {
  readonly store: SharedStore;
  readonly traffic: Traffic = {
    ...{ steps: 0, operations: 0, bytesToStore: 0, bytesFromStore: 0 },
    ...{ wakes: 0, lost: 0, busy: 0, longestQueue: 0 },
  };
  readonly #scene: Scene;
  readonly #setting: NetworkSetting;
  readonly #onArrival: () => void;
  readonly #listeners = new Map<string, () => void>();
  #messages = 0;
  #busyUntil = 0;

  /** `onArrival`: a program hears something, which may go on in promises. */
  constructor(
    scene: Scene,
    setting: NetworkSetting,
    size: QueueSize | null,
    onArrival: () => void,
  ) {
    this.#scene = scene;
    this.#setting = setting;
    this.#onArrival = onArrival;
    this.store = new SharedStore({
      ...{ now: scene.now, size, scheduler: scene.setting.bands.scheduler },
      wake: (instance) => this.#wake(instance),
    });
  }

  /** One program's. */
  connection(): Connection {
    return {
      isRefused: false,
      trouble: null,
      step: (_key, request) => this.#step(request),
      listen: (channel, onMessage) => {
        const instance = channel.slice(channel.lastIndexOf(":") + 1);
        this.#listeners.set(instance, onMessage);
        return () => this.#listeners.delete(instance);
      },
      close: () => {},
    };
  }

  #step(request: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const { now } = this.#scene;
    this.#scene.doAt(now + ANSWER_MICROS, () => {
      this.#onArrival();
      reject(new Error("the store has not answered"));
    });
    this.#travel(PURPOSE.toStore, () => this.#serve(request, resolve));
    return promise;
  }

  #serve(request: Buffer, resolve: (reply: Buffer) => void): void {
    const { now } = this.#scene;
    const { stepMicros, operationMicros } = this.#setting;
    const told = decodeRequest(request);
    const { length } = told.operations;
    const cost = stepMicros + length * operationMicros;
    const beginsAt = Math.max(now, this.#busyUntil);
    this.#busyUntil = beginsAt + cost;
    this.#count(request.length, length, cost, beginsAt - now);
    this.#scene.doAt(this.#busyUntil, () => {
      const reply = encodeReply(this.store.step(told, this.#scene.now));
      this.traffic.bytesFromStore += reply.length;
      this.#travel(PURPOSE.fromStore, () => {
        this.#onArrival();
        resolve(reply);
      });
    });
  }

  #count(bytes: number, operations: number, cost: number, waited: number): void {
    const { traffic } = this;
    traffic.steps++;
    traffic.operations += operations;
    traffic.bytesToStore += bytes;
    traffic.busy += cost;
    traffic.longestQueue = Math.max(traffic.longestQueue, waited);
  }

  #wake(instance: string): void {
    this.traffic.wakes++;
    this.#travel(PURPOSE.fromStore, () => {
      this.#onArrival();
      this.#listeners.get(instance)?.();
    });
  }

  #travel(purpose: Purpose, arrive: () => void): void {
    const { seed } = this.#scene.setting;
    const message = this.#messages++;
    const { now } = this.#scene;
    const draws = [draw(seed, purpose, message), draw(seed, purpose, message, 1)] as const;
    const arrivesAt = now + micros(logNormal(this.#setting.roundTrip, draws) / 2);
    const isLost = draw(seed, PURPOSE.storeLoss, message) < this.#setting.lossShare;
    if (isLost || this.#isOut(now) || this.#isOut(arrivesAt)) this.traffic.lost++;
    else this.#scene.doAt(arrivesAt, arrive);
  }

  #isOut(now: number): boolean {
    const at = (now - START) / 1_000;
    return this.#setting.outages.some(({ atMs, forMs }) => at >= atMs && at < atMs + forMs);
  }
}
