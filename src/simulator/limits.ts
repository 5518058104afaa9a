/** Limits: which of an account's limits count a request for a model. */
import { matchesAny } from "../runtime/account/glob.ts";
import type { LimitRule } from "../runtime/account/limit-meter.ts";

export function isCountedBy({ selector }: LimitRule, model: string | null): boolean {
  const { models } = selector;
  return models === null || (model !== null && matchesAny(models, model));
}
