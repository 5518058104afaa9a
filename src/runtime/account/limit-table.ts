/** Limit table: from a credential and a model to the path over all limits that match, without a search per request. */
import type { Meter } from "../../core/meter/meter.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import { matchesAny } from "./glob.ts";
import { createMeter, identitiesOf, type LimitRule, resizeMeter } from "./limit-meter.ts";

/** Names come from clients, so what is remembered of them is bounded. */
const REMEMBERED_PATHS = 2_000;
const METERS_PER_EACH = 500;

export interface CallTarget {
  readonly model: string | null;
  /** The credential's name and project; null: the client's own credential. */
  readonly credential: { readonly name: string; readonly project: string | null } | null;
}

/** A limit's meter, or one of its meters if it has one for each model. */
interface LimitMeter {
  readonly meter: Meter;
  readonly limit: string;
}

export class LimitTable {
  #rules: readonly LimitRule[];
  #identities: readonly string[];
  readonly #initialShare: number;
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

  constructor(rules: readonly LimitRule[], initialShare: number, now: number) {
    this.#rules = rules;
    this.#identities = identitiesOf(rules);
    this.#initialShare = initialShare;
    this.#ensureShared(now);
  }

  get meters(): readonly Meter[] {
    return [...this.#meters.values()].map(({ meter }) => meter);
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
  replace(rules: readonly LimitRule[], now: number): void {
    this.#rules = rules;
    this.#identities = identitiesOf(rules);
    const ruleOf = new Map(rules.map((rule, i) => [this.#identities[i], rule]));
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
    this.#rules.forEach((rule, i) => {
      if (!rule.selector.each) this.#ensureMeter(i, null, now);
    });
  }

  #compile(target: CallTarget, scheduler: Scheduler, now: number): Path {
    const keys: string[] = [];
    this.#rules.forEach((rule, i) => {
      if (matchesRule(rule, target)) keys.push(this.#ensureMeter(i, target.model, now));
    });
    const key = keys.join("\n");
    let path = this.#pathByMeters.get(key);
    if (path === undefined) {
      path = scheduler.path(keys.map((name) => (this.#meters.get(name) as LimitMeter).meter));
      this.#pathByMeters.set(key, path);
    }
    return path;
  }

  #ensureMeter(i: number, model: string | null, now: number): string {
    const rule = this.#rules[i];
    const limit = this.#identities[i];
    // Beyond the bound, models that nobody foresaw share one meter.
    const own = rule.selector.each && this.#meters.size < METERS_PER_EACH ? model : null;
    const key = own === null ? limit : `${limit}|${own}`;
    if (!this.#meters.has(key)) {
      const meter = createMeter(rule, own, now, this.#initialShare);
      this.#meters.set(key, { meter, limit });
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
