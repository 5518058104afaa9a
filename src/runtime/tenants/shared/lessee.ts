/** Lessee: this instance at the counts that all share: the tenures of its tenants, and their upkeep. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../../core/clock.ts";
import { LeasedMeter } from "../../../core/meter/leased-meter.ts";
import type { UseAmounts } from "../../../core/quota/tenant-use.ts";
import type { TenantLeases } from "../../../stores/tenants/tenant-leases.ts";
import type { SharedMeterWish } from "../tenant-meters.ts";
import type { SharedMeter } from "./pending-turn.ts";
import { Tenure, type TenureMeans } from "./tenure.ts";

const SWEEP_MS = 100;
/** What was told so lately is told to people as it is. */
const FRESH_MICROS = 100_000;

export type LesseeOptions = Pick<TenureMeans, "onTold" | "onChanged" | "onLost" | "onErased"> & {
  readonly leases: TenantLeases;
  readonly clock: Clock;
  /** The count does not answer; told once. */
  readonly onFailed: (error: unknown) => void;
};

export class Lessee {
  readonly #options: LesseeOptions;
  readonly #means: TenureMeans;
  readonly #tenures = new Map<string, Tenure>();
  /** Those that have to be looked after. */
  readonly #active = new Set<Tenure>();
  #timer: NodeJS.Timeout | null = null;
  #stopListening: () => void = nothing;
  isHealthy = true;

  constructor(options: LesseeOptions) {
    this.#options = options;
    const onAnswer = (error: unknown) => this.#note(error);
    const onActive = (tenure: Tenure) => void this.#active.add(tenure);
    this.#means = { ...options, instance: randomUUID(), onAnswer, onActive };
  }

  /** Once the store is open. */
  start(): void {
    if (this.#timer !== null) return;
    const { leases } = this.#options;
    this.#stopListening = leases.listen(this.#means.instance, (tenant) =>
      this.#tenures.get(tenant)?.call(),
    );
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** The meters that a tenant has now: those of before where they have the same name. */
  metersOf(tenant: string, wanted: readonly SharedMeterWish[]): readonly LeasedMeter[] {
    if (wanted.length === 0 && !this.#tenures.has(tenant)) return [];
    const tenure = this.#tenure(tenant);
    const known = new Map(tenure.meters.map((shared) => [shared.name, shared]));
    tenure.meters = wanted.map((one): SharedMeter => {
      const { name, window, label, capacity, per } = one;
      const meter =
        known.get(name)?.meter ??
        new LeasedMeter({
          ...{ label, capacity, per },
          onLacking: () => tenure.lack(),
          onReturned: () => tenure.call(),
        });
      if (meter.capacity !== capacity) meter.resize(capacity);
      return { name, window, meter };
    });
    return tenure.meters.map(({ meter }) => meter);
  }

  spend(tenant: string, used: UseAmounts): void {
    this.#tenure(tenant).spend(used);
  }

  /** Tells its count what is used here, and learns what all have. */
  async refresh(tenant: string): Promise<void> {
    const tenure = this.#tenure(tenant);
    if (tenure.isFresh(FRESH_MICROS)) return;
    await tenure.turn();
    // One that was under way may have been told before the latest was used.
    if (!tenure.isFresh(FRESH_MICROS)) await tenure.turn();
  }

  /** Its count has been changed by an administrator. */
  call(tenant: string): void {
    this.#tenures.get(tenant)?.call();
  }

  /** Everything that was used of it is gone. */
  forget(tenant: string): void {
    const tenure = this.#tenures.get(tenant);
    if (tenure === undefined) return;
    tenure.forget();
    this.#tenures.delete(tenant);
    this.#active.delete(tenure);
  }

  sweep(): void {
    for (const tenure of this.#active) {
      tenure.sweep();
      if (!tenure.isIdle) continue;
      this.#active.delete(tenure);
      if (tenure.meters.length === 0) this.#tenures.delete(tenure.tenant);
    }
  }

  /** Gives back whatever is held. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stopListening();
    await Promise.all([...this.#active].map((tenure) => tenure.leave()));
  }

  #tenure(tenant: string): Tenure {
    const known = this.#tenures.get(tenant) ?? new Tenure(tenant, this.#means);
    this.#tenures.set(tenant, known);
    return known;
  }

  #note(error: unknown): void {
    const isHealthy = error === null;
    if (this.isHealthy && !isHealthy) this.#options.onFailed(error);
    this.isHealthy = isHealthy;
  }
}

function nothing(): void {}
