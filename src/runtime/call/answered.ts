/** Answered: the end of a call that the provider answered, with its usage if anybody asks for it. */
import type { Usage } from "../../core/demand.ts";
import type { Dialect } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { BodyKeeper } from "./body-keeper.ts";

/** The body is only searched for usage if the dialect settles by it. */
export class Answered {
  readonly kind = "answered";
  readonly verdict: Verdict;
  readonly #body: BodyKeeper;
  readonly #dialect: Dialect;

  constructor(verdict: Verdict, body: BodyKeeper, dialect: Dialect) {
    this.verdict = verdict;
    this.#body = body;
    this.#dialect = dialect;
  }

  get usage(): Usage | null {
    const field = this.#body.usageField();
    return field === null ? null : this.#dialect.usage(field);
  }
}
