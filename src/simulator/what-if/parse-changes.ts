/** Parse changes: reads `tenants=+20,limits=x2`: what would be different in another world. */
import { SluiceError } from "../../core/errors.ts";
import { SIMULATED_DIALECTS, type SimulatedDialect } from "../provider/rules.ts";

export type Change =
  /** So many more, each like one of those that are there. */
  | { readonly kind: "tenants"; readonly more: number }
  /** Each tenant asks for so many times as much. */
  | { readonly kind: "demand"; readonly times: number }
  | { readonly kind: "limits"; readonly times: number }
  /** Share of the limits that somebody else asks for. */
  | { readonly kind: "foreign"; readonly share: number }
  | { readonly kind: "dialect"; readonly dialect: SimulatedDialect };

const MOST_TENANTS = 10_000;
const LEAST_TIMES = 0.01;
const MOST_TIMES = 100;
const MOST_FOREIGN = 0.95;

const ALLOWED = `tenants=+1..+${MOST_TENANTS}, demand=x${LEAST_TIMES}..x${MOST_TIMES}, limits=x${LEAST_TIMES}..x${MOST_TIMES}, foreign=0..${MOST_FOREIGN}, dialect=${SIMULATED_DIALECTS.join("|")}; several with commas between`;

/** @throws SluiceError `invalid_request` naming what was found and what is allowed. */
export function parseChanges(text: string): Change[] {
  return text.split(",").map((part) => {
    const change = changeIn(part.trim());
    if (change !== null) return change;
    const found = JSON.stringify(part.trim());
    throw new SluiceError("invalid_request", `--what-if: found ${found}; allowed: ${ALLOWED}`);
  });
}

function changeIn(text: string): Change | null {
  const [, kind, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
  switch (kind) {
    case "tenants": {
      const more = /^\+\d+$/.test(value) ? Number(value) : 0;
      return more >= 1 && more <= MOST_TENANTS ? { kind, more } : null;
    }
    case "demand":
    case "limits": {
      const times = /^x[\d.]+$/.test(value) ? Number(value.slice(1)) : 0;
      return times >= LEAST_TIMES && times <= MOST_TIMES ? { kind, times } : null;
    }
    case "foreign": {
      const share = /^[\d.]+$/.test(value) ? Number(value) : Number.NaN;
      return share >= 0 && share <= MOST_FOREIGN ? { kind, share } : null;
    }
    case "dialect": {
      const dialect = SIMULATED_DIALECTS.find((known) => known === value);
      return dialect === undefined ? null : { kind, dialect };
    }
    default:
      return null;
  }
}
