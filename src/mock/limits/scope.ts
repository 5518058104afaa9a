/** Scope: the buckets and slots of one account or of the models that a glob names. */
import { Bucket } from "./bucket.ts";
import { BUCKET_DIMENSIONS, type BucketDimension, type LimitChanges } from "./limits.ts";

export class Scope {
  /** Null is the whole account. */
  readonly glob: string | null;
  readonly buckets: Bucket[] = [];
  slots = Number.POSITIVE_INFINITY;
  held = 0;
  readonly #pattern: RegExp | null;

  constructor(glob: string | null) {
    this.glob = glob;
    this.#pattern = glob === null ? null : globPattern(glob);
  }

  covers(model: string | null): boolean {
    return this.#pattern === null || (model !== null && this.#pattern.test(model));
  }

  change(changes: LimitChanges, startEmpty: boolean, now: number): void {
    for (const dimension of BUCKET_DIMENSIONS) {
      const amount = changes[dimension];
      if (amount !== undefined) this.#changeBucket(dimension, amount, startEmpty, now);
    }
    if (changes.max_parallel_requests === undefined) return;
    this.slots = changes.max_parallel_requests ?? Number.POSITIVE_INFINITY;
  }

  /** `tpm` for the account, `tpm:gpt-5*` for a model's. */
  nameOf(dimension: string): string {
    return this.glob === null ? dimension : `${dimension}:${this.glob}`;
  }

  #changeBucket(
    dimension: BucketDimension,
    amount: number | null,
    empty: boolean,
    now: number,
  ): void {
    const at = this.buckets.findIndex((bucket) => bucket.dimension === dimension);
    if (amount === null && at >= 0) this.buckets.splice(at, 1);
    else if (amount !== null && at >= 0) this.buckets[at].resize(amount, now);
    else if (amount !== null) {
      this.buckets.push(new Bucket(this.nameOf(dimension), dimension, amount, empty, now));
    }
  }
}

/** `*` stands for any characters; all else is literal. */
export function globPattern(glob: string): RegExp {
  const literal = glob.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s");
}
