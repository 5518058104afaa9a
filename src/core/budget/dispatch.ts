/** Dispatch: a request on its way to the provider, with what its answer will have to be held against. */
import type { Demand } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import type { Path } from "../scheduler/path.ts";
import type { PathBook } from "./path-book.ts";

export class Dispatch {
  readonly path: Path;
  readonly demand: Demand;
  /** Microseconds. */
  readonly sentAt: number;
  readonly book: PathBook;
  /** The same object for all attempts of one request. */
  readonly request: object;
  /** When the head of its answer came, microseconds; null: none has come. */
  headAt: number | null = null;
  /** What its headers told, by place in the path. */
  readonly told: (LimitReading | undefined)[] = [];
  /** What was charged here when the head came, by place in the path; null: it was judged then. */
  chargedAtHead: readonly number[] | null = null;
  isOver = false;

  constructor(path: Path, demand: Demand, book: PathBook, sentAt: number, request: object) {
    this.path = path;
    this.demand = demand;
    this.book = book;
    this.sentAt = sentAt;
    this.request = request;
  }

  /** The head of its answer is here, but what it tells is judged later, once levels are known. */
  noteHead(): void {
    this.chargedAtHead = this.path.meters.map(({ charged }) => charged);
  }
}
