/**
 * Store lives: which instances a store knows, until when it believes that they live, and what it has
 * answered them last; the counterpart of `instances.lua` and `mail.lua`.
 */
import type { StepReply } from "../../../stores/redis/messages.ts";
import type { Ticket } from "../../../stores/store.ts";

const LEASE_MICROS = 1_750_000;
const REAP_MICROS = 100_000;
const GAP_MICROS = 1_000_000;

export type Letter = "granted" | "expired" | "displaced";
export type Mail = Readonly<Record<Letter, Ticket[]>>;

export interface Life {
  seen: number;
  number: number;
  reply: StepReply;
}

export class StoreLives {
  readonly #lives = new Map<string, Life>();
  readonly #outboxes = new Map<string, Mail>();
  readonly #buried = new Set<string>();
  #now: number;
  #reapAt = 0;

  constructor(now: number) {
    this.#now = now;
  }

  get count(): number {
    return this.#lives.size;
  }

  of(instance: string): Life | undefined {
    return this.#lives.get(instance);
  }

  isBuried(instance: string): boolean {
    return this.#buried.has(instance);
  }

  /** Who has been silent for longer than a lease; time in which nobody was here is nobody's silence. */
  reap(asking: string, now: number): readonly string[] {
    const gap = now - this.#now;
    this.#now = now;
    if (gap > GAP_MICROS) for (const life of this.#lives.values()) life.seen += gap;
    if (now < this.#reapAt) return [];
    this.#reapAt = now + REAP_MICROS;
    return [...this.#lives]
      .filter(([name, { seen }]) => name !== asking && seen + LEASE_MICROS < now)
      .map(([name]) => name);
  }

  answered(instance: string, number: number, reply: StepReply, now: number): void {
    this.#lives.set(instance, { seen: now, number, reply });
  }

  /** False: it was not known. What it cannot have heard of is in `unheard`. */
  end(instance: string, isBuried: boolean): boolean {
    if (isBuried) this.#buried.add(instance);
    this.#outboxes.delete(instance);
    return this.#lives.delete(instance);
  }

  /** Grants that the instance may not have heard of. */
  unheard(instance: string): ReadonlySet<Ticket> {
    const told = this.#lives.get(instance)?.reply.granted ?? [];
    return new Set([...told, ...(this.#outboxes.get(instance)?.granted ?? [])]);
  }

  post(instance: string, letter: Letter, ticket: Ticket): void {
    const box = this.#outboxes.get(instance) ?? { granted: [], expired: [], displaced: [] };
    this.#outboxes.set(instance, box);
    box[letter].push(ticket);
  }

  fetch(instance: string): Mail {
    const box = this.#outboxes.get(instance);
    this.#outboxes.delete(instance);
    return box ?? { granted: [], expired: [], displaced: [] };
  }
}
