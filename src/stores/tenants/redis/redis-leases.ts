/** Redis leases: the counts of tenants' quotas and slots, each a record that one script reads and writes. */
import { decode, encode } from "@msgpack/msgpack";
import type { CommandConnection } from "../../redis/connection.ts";
import type { LeaseGrant, SpanTotals, TenantLeases, Turn, TurnReply } from "../tenant-leases.ts";
import type { TenantKeys } from "./keys.ts";
import type { RedisUses } from "./redis-uses.ts";
import { script } from "./scripts.ts";

type WireGrant = readonly [
  amount: number,
  free: number,
  lent: number,
  taken: number,
  share: number | false,
];

type WireReply =
  | readonly ["unknown" | "erased"]
  | readonly [
      kind: "told",
      generation: number,
      now: number,
      day: SpanTotals,
      month: SpanTotals,
      grants: readonly WireGrant[],
    ];

export interface RedisLeasesParts {
  readonly connection: () => CommandConnection;
  readonly uses: () => RedisUses;
  readonly keys: TenantKeys;
  /** Microseconds; null: the time of Redis. @default null */
  readonly now?: () => number | null;
}

export class RedisLeases implements TenantLeases {
  readonly #parts: RedisLeasesParts;

  constructor(parts: RedisLeasesParts) {
    this.#parts = parts;
  }

  async turn(tenant: string, turn: Turn): Promise<TurnReply> {
    const { connection, keys, uses, now = () => null } = this.#parts;
    await uses().list(tenant);
    const asks = turn.asks.map(({ window, ...ask }) => ({ ...ask, ...window }));
    const wire = Buffer.from(encode({ ...turn, asks, tenant, now: now() }));
    const args = [wire, keys.calls];
    const reply = await connection().run(script("turn"), [keys.tenant(tenant)], args);
    return replyIn(decode(reply as Uint8Array) as WireReply);
  }

  listen(instance: string, onCalled: (tenant: string) => void): () => void {
    const { connection, keys } = this.#parts;
    return connection().subscribe(keys.calls + instance, onCalled);
  }
}

function replyIn(reply: WireReply): TurnReply {
  if (reply[0] !== "told") return { kind: reply[0] };
  const [kind, generation, now, day, month, grants] = reply;
  return { kind, generation, now, day, month, grants: [...grants].map(grantIn) };
}

function grantIn([amount, free, lent, taken, share]: WireGrant): LeaseGrant {
  return { amount, free, lent, taken, share: share === false ? null : share };
}
