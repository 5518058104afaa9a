/** Runtime request: a request with its tenant known and its body read, before it is decided who serves it. */
import type { Readable } from "node:stream";
import type { HeaderView, JsonObject } from "../../core/dialect.ts";
import type { TaskClaims } from "../policy/task-claims.ts";
import type { TenantRecord } from "../policy/tenant-directory.ts";
import type { Upstream } from "../upstream/upstream.ts";

export interface RuntimeRequest {
  readonly method: string;
  readonly upstream: Upstream;
  /** Path and query below the upstream's base URL. */
  readonly path: string;
  readonly headers: HeaderView;
  readonly bytes: Uint8Array | string | Readable | null;
  /** The bytes as a JSON object; null: not parsed. */
  readonly body: JsonObject | null;
  readonly tenant: TenantRecord;
  readonly ownHeaders: ReadonlySet<string>;
  readonly clientCredential: string | null;
  readonly claims: TaskClaims;
  /** The name the client asked for, and what it is called upstream. */
  readonly model: { readonly asked: string; readonly sent: string } | null;
  /** The client has named the upstream: no other may serve it. @default false */
  readonly isPinned?: boolean;
  /** When it arrived, microseconds since the epoch. */
  readonly arrivedAt: number;
}
