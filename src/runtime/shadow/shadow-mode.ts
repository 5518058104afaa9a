/** Shadow mode: everything goes upstream at once, and what the scheduler would have done is counted and told. */
import type { CancelTimer, Clock } from "../../core/clock.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { Slots } from "../../core/meter/slots.ts";
import type { Account } from "../account/account.ts";
import type { AccountTenant, AskRefusal } from "../account/ask.ts";
import type { TenantRecord } from "../policy/tenant-directory.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { ShadowFigures } from "./shadow-figures.ts";
import { ShadowPass } from "./shadow-pass.ts";

export interface ShadowEvent {
  readonly upstream: string;
  readonly tenant: string;
  readonly tier: string;
  readonly decision: "grant" | "refuse";
  /** Null: it would have been sent. */
  readonly code: AskRefusal["code"] | null;
  /** How long it would have waited for that, milliseconds. */
  readonly waitMs: number;
}

export class ShadowMode {
  readonly figures = new ShadowFigures();
  readonly #clock: Clock;
  /** Tenants' own meters, and the same in the shadow. */
  readonly #slots = new WeakMap<Meter, Slots>();
  readonly #timers = new Set<CancelTimer>();
  readonly #running = new Map<string, number>();
  #runningInAll = 0;
  #isClosed = false;
  listener: (event: ShadowEvent) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls that went at once and have not ended, by tenant. */
  get running(): ReadonlyMap<string, number> {
    return this.#running;
  }

  get runningInAll(): number {
    return this.#runningInAll;
  }

  pass(upstream: Upstream, account: Account, tenant: TenantRecord): ShadowPass {
    const { id, tier } = tenant;
    return new ShadowPass({
      account,
      twin: upstream.twinOf(account),
      twinTenant: this.#twinOf(tenant),
      now: () => this.#clock.now(),
      onDecided: ({ waitMs, refused: code }) => {
        if (code === null) this.figures.countGrant(tier.name, waitMs);
        else this.figures.countRefusal(tier.name, code);
        const decision = code === null ? "grant" : "refuse";
        const name = upstream.name;
        this.listener({ upstream: name, tenant: id, tier: tier.name, decision, code, waitMs });
      },
      onUpstream429: () => this.figures.countUpstream429(tier.name),
      countRunning: (change) => this.#count(id, change),
      schedule: (at, fire) => this.#schedule(at, fire),
    });
  }

  /** Calls may still end after it, but nothing is waited for on their behalf. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Slots only: quotas are for days, and what is refused for them is known without a shadow. */
  #twinOf({ id, weight, meters }: TenantRecord): AccountTenant {
    const slots = meters.filter(({ label }) => label.dimension === "concurrency");
    return { id, weight, meters: slots.map((real) => this.#twinSlots(real)) };
  }

  #twinSlots(real: Meter): Slots {
    const twin = this.#slots.get(real) ?? new Slots(real.label, real.capacity);
    twin.resize(real.capacity);
    this.#slots.set(real, twin);
    return twin;
  }

  #schedule(at: number, fire: () => void): void {
    if (this.#isClosed) return;
    const cancel = this.#clock.schedule(at, () => {
      this.#timers.delete(cancel);
      fire();
    });
    this.#timers.add(cancel);
  }

  #count(tenant: string, change: 1 | -1): void {
    this.#runningInAll += change;
    const running = (this.#running.get(tenant) ?? 0) + change;
    if (running > 0) this.#running.set(tenant, running);
    else this.#running.delete(tenant);
  }
}
