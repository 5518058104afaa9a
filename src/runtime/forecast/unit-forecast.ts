/**
 * Unit forecast: what calls take of a platform's own units (points, quota tokens), foreseen by what
 * calls of the same shape took before. Until one was seen, the dialect's own estimate stands.
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Units } from "../../core/demand.ts";
import type { Dialect, Forecast, RequestView } from "../../core/dialect.ts";
import { type Meter, MICRO_UNITS } from "../../core/meter/meter.ts";

/** Shapes are made of what clients send, so what is remembered is bounded; the least lately used is forgotten. */
const REMEMBERED_SHAPES = 10_000;
/**
 * How much of the way down one answer takes us. What is reserved too much comes back in a moment, what
 * is reserved too little is refused: so the way up is taken at once.
 */
const DECLINE = 0.2;

/** What is foreseen of one call. It holds nothing of the request. */
export interface UnitPlan {
  /** The same forecast where nothing else is known. */
  foresee(forecast: Forecast): Forecast;
  /** An answer told what the provider takes of such a call. */
  learn(reserved: Units): void;
}

export interface UnitQuestion {
  readonly upstream: string;
  readonly dialect: Dialect;
  readonly request: RequestView;
  /** What the call has to fit in. */
  readonly meters: () => readonly Meter[];
}

export class UnitForecast {
  readonly #known = new LRUCache<string, Units>({ max: REMEMBERED_SHAPES });

  /** Null: the dialect counts no units of its own. */
  planFor({ upstream, dialect, request, meters }: UnitQuestion): UnitPlan | null {
    if (dialect.units === undefined) return null;
    const shape = dialect.units.shapeOf(request);
    const key = shape === null ? null : keyOf(upstream, shape);
    return {
      foresee: (forecast) => {
        const known = key === null ? undefined : this.#known.get(key);
        return foreseen(forecast, known, meters());
      },
      learn: (reserved) => {
        if (key !== null) this.#known.set(key, learned(this.#known.get(key), reserved));
      },
    };
  }
}

function keyOf(upstream: string, shape: string): string {
  return `${upstream}|${createHash("sha1").update(shape).digest("base64")}`;
}

function learned(known: Units | undefined, told: Units): Units {
  if (known === undefined) return told;
  const names = Object.keys({ ...known, ...told });
  return Object.fromEntries(names.map((name) => [name, towards(told[name] ?? 0, known[name])]));
}

function towards(told: number, known: number | undefined): number {
  return known === undefined || told >= known ? told : known - DECLINE * (known - told);
}

/** A guess alone must not make a call larger than a limit: it would never be sent, and so never be learned of. */
function foreseen(
  forecast: Forecast,
  known: Units | undefined,
  meters: readonly Meter[],
): Forecast {
  const { charged } = forecast;
  const units: Record<string, number> = {};
  for (const [name, amount] of Object.entries({ ...charged.units, ...known })) {
    units[name] = Math.min(amount, roomFor(name, meters));
  }
  const isSame = Object.keys(units).every((name) => units[name] === charged.units[name]);
  return isSame ? forecast : { ...forecast, charged: { ...charged, units } };
}

function roomFor(name: string, meters: readonly Meter[]): number {
  const dimension = `units:${name}`;
  let room = Number.POSITIVE_INFINITY;
  for (const { label, capacity } of meters) {
    if (label.dimension === dimension) room = Math.min(room, capacity / MICRO_UNITS);
  }
  return room;
}
