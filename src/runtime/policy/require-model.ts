/** Require model: may this tenant ask for this model, and is it a name at all. */
import type { Operation } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { mayUseModel, type TenantRecord } from "./tenant-directory.ts";

/** Names are kept per model and come from clients; no provider's is longer. */
const LONGEST_MODEL_NAME = 256;

/**
 * `asked` is the client's name for it, `sent` the provider's; either may be allowed.
 *
 * @throws SluiceError `invalid_request`, `forbidden`.
 */
export function requireModel(tenant: TenantRecord, asked: string, sent = asked): void {
  if (asked.length > LONGEST_MODEL_NAME) {
    const allowed = `up to ${LONGEST_MODEL_NAME} characters`;
    throw new SluiceError("invalid_request", `model: allowed: ${allowed}`);
  }
  if (!mayUseModel(tenant, asked, sent)) {
    throw new SluiceError("forbidden", `tenant ${tenant.id} may not use ${asked}`);
  }
}

/**
 * For a request whose body names no model: the path may name one, and a tenant that may not use all
 * models must not use one that nobody can read (a body that is compressed, or no JSON to us).
 *
 * @throws SluiceError `invalid_request`, `forbidden`.
 */
export function requireReadableModel(tenant: TenantRecord, { kind, model }: Operation): void {
  if (kind === "other" || tenant.models === null) return;
  if (model === null) {
    throw new SluiceError("invalid_request", "the model cannot be read: send a plain JSON body");
  }
  requireModel(tenant, model);
}
