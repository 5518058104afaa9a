/** Answered: the end of a call that the provider answered, with its usage if anybody asks for it. */
import type { Usage } from "../../core/demand.ts";
import type { Dialect } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { BodyKeeper } from "./body-keeper.ts";

/** The body is searched for usage once, and only if somebody asks for it. */
export class Answered {
  readonly kind = "answered";
  readonly verdict: Verdict;
  readonly #body: BodyKeeper;
  readonly #dialect: Dialect;
  /** Undefined: nobody has asked yet. */
  #usage: Usage | null | undefined;

  constructor(verdict: Verdict, body: BodyKeeper, dialect: Dialect) {
    this.verdict = verdict;
    this.#body = body;
    this.#dialect = dialect;
  }

  get usage(): Usage | null {
    if (this.#usage === undefined) this.#usage = this.#read();
    return this.#usage;
  }

  #read(): Usage | null {
    const field = this.#body.lastField(this.#dialect.usageFields);
    return field === null ? null : this.#dialect.usage(field);
  }
}
