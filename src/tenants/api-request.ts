/** API request: what the tenants' part of the admin API is asked, by HTTP or by the command line. */
import type { Json } from "../stores/tenants/tenant-store.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export interface ApiRequest {
  readonly method: string;
  /** Below `/admin/api/`, decoded: `["tenants", "acme", "keys"]`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** For the audit log: `token`, `cookie`, `loopback`, `cli`. */
  readonly who: string;
}

export interface ApiAnswer {
  readonly status: 200 | 201;
  readonly value: Json;
}
