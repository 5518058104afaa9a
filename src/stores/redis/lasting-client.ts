/** Lasting client: opened again whenever ioredis gives a connection up, as it may while Sentinels change the master. */
import type { Cluster, Redis } from "ioredis";
import { openClient } from "./open-client.ts";
import type { RedisPlace } from "./place.ts";

const AGAIN_MS = 100;

export class LastingClient {
  /** The one at work. */
  client: Redis | Cluster;
  readonly #place: RedisPlace;
  readonly #onOpened: (client: Redis | Cluster) => void;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `onOpened` is called with each client, from the first on, before it has connected. */
  constructor(place: RedisPlace, onOpened: (client: Redis | Cluster) => void) {
    this.#place = place;
    this.#onOpened = onOpened;
    this.client = this.#open();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.client.disconnect();
  }

  #open(): Redis | Cluster {
    const client = openClient(this.#place);
    client.on("end", () => this.#reopenSoon());
    this.#onOpened(client);
    return client;
  }

  #reopenSoon(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.client = this.#open();
    }, AGAIN_MS);
    this.#again.unref();
  }
}
