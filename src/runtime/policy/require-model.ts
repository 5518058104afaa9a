/** Require model: may this tenant ask for this model, and is it a name at all. */
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
