/**
 * Slab: rows of numbers side by side in one typed array. What belongs to a row lies in one or two
 * cache lines; with an array for each column a row of a long queue costs a miss for each of them.
 */

type Cells = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

export class Slab<C extends Cells> {
  cells: C;
  readonly width: number;

  constructor(cells: C, width: number) {
    this.cells = cells;
    this.width = width;
  }

  get rows(): number {
    return this.cells.length / this.width;
  }

  resize(rows: number): void {
    const larger = new (this.cells.constructor as new (length: number) => C)(rows * this.width);
    larger.set(this.cells);
    this.cells = larger;
  }

  column(place: number): Column<C> {
    return new Column(this, place);
  }
}

/** One column of a slab. */
export class Column<C extends Cells> {
  readonly #slab: Slab<C>;
  readonly #width: number;
  readonly #place: number;

  constructor(slab: Slab<C>, place: number) {
    this.#slab = slab;
    this.#width = slab.width;
    this.#place = place;
  }

  at(row: number): number {
    return this.#slab.cells[row * this.#width + this.#place];
  }

  set(row: number, value: number): void {
    this.#slab.cells[row * this.#width + this.#place] = value;
  }
}
