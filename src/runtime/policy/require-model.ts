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
 * Where the body names no model, or the path another one: a tenant that may not use all models must
 * not use one that nobody can read (a body that is compressed or a form, a batch in a file).
 *
 * @throws SluiceError `invalid_request`, `forbidden`.
 */
export function requireReadableModel(
  tenant: TenantRecord,
  { kind, model, runsModel = false }: Operation,
): void {
  if (tenant.models === null || (kind === "other" && !runsModel)) return;
  if (model === null) {
    const words = `tenant ${tenant.id} may use certain models only, and the model of this request cannot be read`;
    throw new SluiceError("invalid_request", `${words}: name it in a plain JSON body`);
  }
  requireModel(tenant, model);
}
