/** Limit table: from a credential and a model to the path over all limits that match, without a search per request. */
import type { LearnedLimit } from "../../core/budget/options.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import { matchesAny } from "./glob.ts";
import { configuredRules, type KnownRule, learnedRules, meterFor } from "./learned-rules.ts";
import { identitiesOf, type LimitRule, resizeMeter } from "./limit-meter.ts";

/** Names come from clients, so what is remembered of them is bounded. */
const REMEMBERED_PATHS = 2_000;
const METERS_PER_EACH = 500;

export interface CallTarget {
  readonly model: string | null;
  /** The credential's name and project; null: the client's own credential. */
  readonly credential: { readonly name: string; readonly project: string | null } | null;
}

/** Meters beside the limits that calls to a model must fit in; told apart by their selectors. */
export type FurtherMeters = (model: string | null) => readonly Meter[];

const NONE: readonly Meter[] = [];

/** By what name instances that share an account know a meter. */
export interface MeterOrigin {
  readonly key: string;
  /** Headers told the limit, with what was left of it. */
  readonly isLearned: boolean;
}

/** A limit's meter, or one of its meters if it has one for each model. */
interface LimitMeter {
  readonly meter: Meter;
  readonly limit: string;
}

export class LimitTable {
  #rules!: readonly KnownRule[];
  #identities!: readonly string[];
  readonly #initialShare: number;
  readonly #furtherMeters: FurtherMeters;
  readonly #meters = new Map<string, LimitMeter>();
  /** Paths by the models and credentials asked for, and by the meters they turned out to need. */
  #pathByTarget = new Map<string, Path>();
  /** The path found last: one request asks several times, and the next mostly for the same. */
  #last: {
    readonly model: string | null;
    readonly credential: string;
    readonly path: Path;
  } | null = null;
  #pathByMeters = new Map<string, Path>();
  readonly #limitsOn = new WeakMap<Path, readonly Meter[]>();
  readonly #origins = new WeakMap<Meter, MeterOrigin>();

  constructor(
    rules: readonly LimitRule[],
    initialShare: number,
    now: number,
    furtherMeters: FurtherMeters = () => NONE,
  ) {
    this.#initialShare = initialShare;
    this.#furtherMeters = furtherMeters;
    this.#know(configuredRules(rules));
    this.#ensureShared(now);
  }

  #know(rules: readonly KnownRule[]): void {
    this.#rules = rules;
    this.#identities = identitiesOf(rules.map(({ rule }) => rule));
  }

  get meters(): readonly Meter[] {
    return [...this.#meters.values()].map(({ meter }) => meter);
  }

  /** Null: it is none of the limits. */
  originOf(meter: Meter): MeterOrigin | null {
    return this.#origins.get(meter) ?? null;
  }

  meterNamed(key: string): Meter | null {
    return this.#meters.get(key)?.meter ?? null;
  }

  /** All limits as they are now, the learned ones behind the configured. */
  get rules(): readonly LimitRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** Meters of a path that are limits of the account, and none of the further ones. */
  limitsOn(path: Path): readonly Meter[] {
    return this.#limitsOn.get(path) ?? path.meters;
  }

  /** Paths that requests have taken so far. */
  get paths(): readonly Path[] {
    return [...this.#pathByMeters.values()];
  }

  pathFor(target: CallTarget, scheduler: Scheduler, now: number): Path {
    const credential = target.credential?.name ?? "";
    const last = this.#last;
    if (last !== null && last.model === target.model && last.credential === credential) {
      return last.path;
    }
    const key = `${credential}|${target.model ?? ""}`;
    const path = this.#pathByTarget.get(key) ?? this.#remember(key, target, scheduler, now);
    this.#last = { model: target.model, credential, path };
    return path;
  }

  #remember(key: string, target: CallTarget, scheduler: Scheduler, now: number): Path {
    if (this.#pathByTarget.size >= REMEMBERED_PATHS) this.#pathByTarget.clear();
    const path = this.#compile(target, scheduler, now);
    this.#pathByTarget.set(key, path);
    return path;
  }

  /** Other limits from now on. Meters that stay keep their levels; paths belong to the new scheduler. */
  replace(rules: readonly LimitRule[], now: number, learned: readonly LearnedLimit[] = []): void {
    this.#know([...configuredRules(rules), ...learnedRules(learned)]);
    const ruleOf = new Map(this.#rules.map(({ rule }, i) => [this.#identities[i], rule]));
    for (const [key, { meter, limit }] of this.#meters) {
      const rule = ruleOf.get(limit);
      if (rule === undefined) this.#meters.delete(key);
      else resizeMeter(meter, rule, now);
    }
    this.#pathByTarget = new Map();
    this.#last = null;
    this.#pathByMeters = new Map();
    this.#ensureShared(now);
  }

  /** Meters that no model needs to be known for begin to fill at once, not with their first request. */
  #ensureShared(now: number): void {
    this.#rules.forEach(({ rule }, i) => {
      if (!rule.selector.each) this.#ensureMeter(i, null, now);
    });
  }

  #compile(target: CallTarget, scheduler: Scheduler, now: number): Path {
    const keys: string[] = [];
    this.#rules.forEach(({ rule }, i) => {
      if (matchesRule(rule, target)) keys.push(this.#ensureMeter(i, target.model, now));
    });
    const further = this.#furtherMeters(target.model);
    const key = [...keys, ...further.map(({ label }) => label.selector)].join("\n");
    let path = this.#pathByMeters.get(key);
    if (path === undefined) {
      const limits = keys.map((name) => (this.#meters.get(name) as LimitMeter).meter);
      path = scheduler.path([...limits, ...further]);
      this.#pathByMeters.set(key, path);
      this.#limitsOn.set(path, limits);
    }
    return path;
  }

  #ensureMeter(i: number, model: string | null, now: number): string {
    const known = this.#rules[i];
    const { rule } = known;
    const limit = this.#identities[i];
    // Beyond the bound, models that nobody foresaw share one meter.
    const own = rule.selector.each && this.#meters.size < METERS_PER_EACH ? model : null;
    const key = own === null ? limit : `${limit}|${own}`;
    if (!this.#meters.has(key)) {
      const meter = meterFor(known, own, now, this.#initialShare);
      this.#meters.set(key, { meter, limit });
      this.#origins.set(meter, { key, isLearned: known.learned !== null });
    }
    return key;
  }
}

function matchesRule({ selector }: LimitRule, { model, credential }: CallTarget): boolean {
  if (selector.models !== null && (model === null || !matchesAny(selector.models, model))) {
    return false;
  }
  if (selector.project !== null && credential?.project !== selector.project) return false;
  return selector.key === null || credential?.name === selector.key;
}
