/** Collects what cannot be translated, with the field it stands in and the reason. */

export interface Untranslatable {
  /** Where it stands: `messages[3].content[0]`. */
  readonly field: string;
  readonly why: string;
}

/** A request with a thousand faults is as ineligible as one with these many; the rest is not kept. */
const MOST_KEPT = 20;

export class Findings {
  readonly all: Untranslatable[] = [];

  add(field: string, why: string): void {
    if (this.all.length < MOST_KEPT) this.all.push({ field, why });
  }
}
