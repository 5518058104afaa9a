/** Blame: whether an attempt fails by its client, which must not be told against the provider. */
import { Readable } from "node:stream";
import { SluiceError } from "../../core/errors.ts";
import type { Outbound } from "../transport/transport.ts";

/** The client has not sent the rest of its body, and the provider has taken all that came. */
export function awaitsClient({ body }: Pick<Outbound, "body">): boolean {
  if (!(body instanceof Readable) || body.readableEnded) return false;
  return body.destroyed || body.readableLength === 0;
}

export function clientError(): SluiceError {
  return new SluiceError("client_timeout", "the rest of the body did not arrive in time");
}
