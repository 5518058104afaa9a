/** Event heap: what happens next, in typed arrays; equal times keep the order in which they were added. */

const FIRST_EVENTS = 1_024;
/** An event is one number: what happens in the low bits, whom it concerns above. */
const KINDS = 16;

export class EventHeap {
  #at = new Float64Array(FIRST_EVENTS);
  #order = new Float64Array(FIRST_EVENTS);
  #code = new Int32Array(FIRST_EVENTS);
  #size = 0;
  #added = 0;
  /** Of the event taken last. */
  kind = 0;
  subject = 0;

  /** Time of the next event; Infinity if there is none. */
  get nextAt(): number {
    return this.#size > 0 ? this.#at[0] : Number.POSITIVE_INFINITY;
  }

  /** `kind` below 16, `subject` below 2^27. */
  add(at: number, kind: number, subject: number): void {
    if (this.#size === this.#at.length) this.#grow();
    const order = this.#added++;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at[parent] <= at) break; // the parent is older, so it wins a tie
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, order, subject * KINDS + kind);
  }

  /** Takes the next event out; `kind` and `subject` say what it is. */
  take(): void {
    const code = this.#code[0];
    this.kind = code & (KINDS - 1);
    this.subject = code >> 4;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#at[last], this.#order[last], this.#code[last]);
  }

  #sink(at: number, order: number, code: number): void {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(child + 1, child)) child++;
      const isAbove =
        at < this.#at[child] || (at === this.#at[child] && order < this.#order[child]);
      if (isAbove) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, order, code);
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#at[a] - this.#at[b];
    return difference === 0 ? this.#order[a] < this.#order[b] : difference < 0;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from], this.#order[from], this.#code[from]);
  }

  #put(place: number, at: number, order: number, code: number): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#code[place] = code;
  }

  #grow(): void {
    const length = 2 * this.#at.length;
    const at = new Float64Array(length);
    const order = new Float64Array(length);
    const code = new Int32Array(length);
    at.set(this.#at);
    order.set(this.#order);
    code.set(this.#code);
    this.#at = at;
    this.#order = order;
    this.#code = code;
  }
}
