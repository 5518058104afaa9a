/** Grant: what is shown to a token endpoint in exchange for a token. */
import type { JsonObject } from "../../core/dialect.ts";
import type { TokenRequest } from "./token-request.ts";

export interface Grant {
  /** For each request anew: what it shows may run out. */
  request(): TokenRequest;
  /** Hears what else the endpoint told with a token. */
  granted(fields: JsonObject): void;
}
