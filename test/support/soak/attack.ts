/** Attack: what one client does on one connection, and what may come of it. */

export type Step =
  | { readonly kind: "send"; readonly bytes: string }
  | { readonly kind: "pause"; readonly ms: number }
  /** Sends what it makes of the first answer. */
  | { readonly kind: "reply"; readonly make: (answer: string) => string }
  /** Says that nothing more will come, and still listens. */
  | { readonly kind: "half-close" }
  /** Goes away without a word. */
  | { readonly kind: "leave" }
  /** Takes nothing that is sent, for so long. */
  | { readonly kind: "stop-reading"; readonly ms: number };

export interface Attack {
  readonly kind: string;
  readonly steps: readonly Step[];
  /** Methods of the requests, in order: an answer to HEAD has no body. */
  readonly methods: readonly string[];
  /** How many answers must come before the connection ends; further ones were asked for by nobody. */
  readonly least: number;
  readonly most: number;
  /** Any other status is a failure. */
  readonly statuses: readonly number[];
  /** What the answers must say, in order; absent: nothing in particular. */
  readonly says?: readonly string[];
  /** The answer may break off. */
  readonly mayBreak?: boolean;
}

export interface Tenant {
  readonly name: string;
  readonly key: string;
}

export interface AttackMeans {
  readonly random: () => number;
  /** In every request of this connection and no other: what the upstream echoes of it. */
  readonly mark: string;
  readonly tenant: Tenant;
  readonly tenants: readonly Tenant[];
  /** Host and port of a server that nobody must ever be led to. */
  readonly trap: string;
}

export type MakeAttack = (means: AttackMeans) => Attack;

/** Bytes are strings of one character each (latin1), so that any of them can be written down. */
export function send(bytes: string): Step {
  return { kind: "send", bytes };
}

export function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export const GOOD = [200] as const;
/** What a request that is no good is told. */
export const REFUSED = [400, 401, 403, 404, 405, 408, 411, 413, 414, 417, 431, 501, 505] as const;
export const EITHER = [...GOOD, ...REFUSED] as const;

/** One request, one answer. */
export function one(
  kind: string,
  method: string,
  bytes: string,
  statuses: readonly number[],
): Attack {
  return { kind, steps: [send(bytes)], methods: [method], least: 1, most: 1, statuses };
}
