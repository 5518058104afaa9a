import { describe, expect, test } from "vitest";
import { Slab } from "./slab.ts";

/** Columns of this many numbers, each set to a value of its own. */
function filled(rows: number, width: number) {
  const slab = new Slab(new Float64Array(rows * width), width);
  const columns = Array.from({ length: width }, (_, place) => slab.column(place));
  columns.forEach((column, place) => {
    for (let row = 0; row < rows; row++) column.set(row, row * 100 + place);
  });
  return { slab, columns };
}

describe("a slab", () => {
  test("keeps every row of every column apart", () => {
    const { slab, columns } = filled(5, 3);
    expect(slab.rows).toBe(5);
    for (let row = 0; row < 5; row++) {
      expect(columns.map((column) => column.at(row))).toEqual([0, 1, 2].map((i) => row * 100 + i));
    }
  });

  test("has the numbers of a row side by side", () => {
    const { slab } = filled(5, 3);
    expect([...slab.cells.subarray(6, 9)]).toEqual([200, 201, 202]);
  });

  test("grows without losing a number, also for columns that were taken before", () => {
    const { slab, columns } = filled(4, 2);
    slab.resize(9);
    expect(slab.rows).toBe(9);
    expect(columns.map((column) => column.at(3))).toEqual([300, 301]);
    expect(columns.map((column) => column.at(8))).toEqual([0, 0]);
    columns[1].set(8, 7);
    expect(slab.cells[17]).toBe(7);
  });

  test("stays of the kind of numbers it was made of", () => {
    const slab = new Slab(new Int32Array(2), 1);
    slab.resize(8);
    expect(slab.cells).toBeInstanceOf(Int32Array);
    slab.column(0).set(7, -1);
    expect(slab.column(0).at(7)).toBe(-1);
  });
});
