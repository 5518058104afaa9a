/**
 * Relief: what gives way under pressure, path by path. Batch is held back while people press, and
 * newcomers of the lowest tier are refused while the other tiers do; guarantees hold in any case.
 */
import { MICROS_PER_SECOND } from "../clock.ts";
import type { Band, Competitor } from "./band.ts";
import type { ReliefOptions } from "./options.ts";
import type { Path } from "./path.ts";
import { pressingOn } from "./pressure.ts";
import type { Tenant } from "./tenant.ts";

/** Pressure moves with averages of a minute, so it is not worked out for every request. */
const LOOK_MICROS = 50_000;
/** Arrivals are counted in bins of a second: until then nothing changes by time alone. */
const CHECK_MICROS = MICROS_PER_SECOND;
/** If nothing more arrived, the average over a minute would fall like this. */
const FALL_MICROS = 60 * MICROS_PER_SECOND;
const NEVER = Number.NEGATIVE_INFINITY;

/** What was found of a path when it was last looked at. */
export interface Hold {
  readonly pressure: number;
  /** Bands that may be held back are. */
  readonly isActing: boolean;
}

interface Watch {
  pressure: number;
  isActing: boolean;
  at: number;
  /** When it is to be looked at again. */
  until: number;
}

export class Relief {
  readonly #options: ReliefOptions | null;
  readonly #bands: readonly Band<Competitor>[];
  readonly #others: readonly Band<Competitor>[];
  readonly #isHeldBand: readonly boolean[];
  readonly #isRefusedBand: readonly boolean[];
  /** By path's id. */
  readonly #holding: Watch[] = [];
  readonly #refusing: Watch[] = [];

  constructor(options: ReliefOptions | null, bands: readonly Band<Competitor>[]) {
    this.#options = options;
    this.#bands = bands;
    this.#others = bands.filter(({ tier }) => tier !== options?.lowestTier);
    this.#isHeldBand = bands.map(({ index }) => options?.held.includes(index) ?? false);
    this.#isRefusedBand = bands.map(({ index }) => options?.refused.includes(index) ?? false);
  }

  mayHold(band: number): boolean {
    return this.#isHeldBand[band];
  }

  /** May the band send by this path nothing but what it is guaranteed? */
  isHeld(path: Path, band: number, now: number): boolean {
    return this.#isHeldBand[band] && this.#look(this.#holding, this.#bands, path, now).isActing;
  }

  /** When a path that was looked at may be found at ease, if nothing happens before: microseconds from now. */
  checkIn(path: Path, now: number): number {
    return this.#holding[path.id].at + CHECK_MICROS - now;
  }

  /** As it was when it was last looked at. */
  wasHeld(path: Path, band: number): boolean {
    return this.#isHeldBand[band] && (this.#holding[path.id]?.isActing ?? false);
  }

  /** What was found at most this long ago; null: nobody has looked, because nothing that may be held came. */
  holdOn(path: Path, micros: number, now: number): Hold | null {
    const watch = this.#holding[path.id];
    return watch !== undefined && watch.at >= now - micros ? watch : null;
  }

  /** Another scheduler, of which this is one instance's copy, has found this; believed until then. */
  follow(path: Path, { pressure, isActing }: Hold, until: number, now: number): void {
    this.#holding[path.id] = { pressure, isActing, at: now, until };
  }

  /** How long it will at least be held back, microseconds; 0: it is not. */
  heldFor(path: Path, band: number, now: number): number {
    return this.isHeld(path, band, now) ? this.#timeToCalm(this.#holding[path.id]) : 0;
  }

  /**
   * When a newcomer that would have to wait had better come back, microseconds; 0: it may wait. Where
   * its tier has a guarantee, each tenant may keep one waiting, so that the guarantee is earned and
   * goes round.
   */
  refusedFor(tenant: Tenant, path: Path, band: number, now: number): number {
    if (!this.#isRefusedBand[band]) return 0;
    const watch = this.#look(this.#refusing, this.#others, path, now);
    if (!watch.isActing) return 0;
    const waits = (tenant.flows.get(path.id * this.#bands.length + band)?.queued ?? 0) > 0;
    return this.#options?.keepsLine && !waits ? 0 : this.#timeToCalm(watch);
  }

  #look(watches: Watch[], bands: readonly Band<Competitor>[], path: Path, now: number): Watch {
    watches[path.id] ??= { pressure: 0, isActing: false, at: NEVER, until: NEVER };
    const watch = watches[path.id];
    if (now < watch.until) return watch;
    const { act, calm } = this.#options as ReliefOptions;
    watch.at = now;
    watch.until = now + LOOK_MICROS;
    watch.pressure = pressingOn(path, bands, now);
    watch.isActing = watch.pressure >= (watch.isActing ? calm : act);
    return watch;
  }

  #timeToCalm({ pressure }: Watch): number {
    const { calm } = this.#options as ReliefOptions;
    const fall = calm > 0 ? Math.log(pressure / calm) : 1;
    return Math.ceil(Math.max(CHECK_MICROS, fall * FALL_MICROS));
  }
}
