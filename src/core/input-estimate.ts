/** Input estimate: how many tokens a request's input will be, in parts that are corrected apart. */

/**
 * Kinds of input, because estimates of them go wrong in different ways: `data` is JSON and tables,
 * `dense` is base64 and hex, `script` is letters other than Latin, `frame` is what a provider puts
 * around messages and tools.
 */
export const INPUT_KINDS = [
  "prose",
  "code",
  "data",
  "dense",
  "ideographs",
  "script",
  "frame",
  "images",
] as const;

export type InputKind = (typeof INPUT_KINDS)[number];

export interface InputEstimate {
  /** What has counted it: estimates by one counter for one model are wrong in the same way. */
  readonly counter: string;
  /** Counted as the provider itself counts; else approximated. */
  readonly isExact: boolean;
  /** In the order of INPUT_KINDS. */
  readonly tokens: ArrayLike<number>;
}

export interface CorrectedInput {
  /** The most likely number of tokens. */
  readonly expected: number;
  /** On the safe side: hardly ever exceeded. */
  readonly reserved: number;
}

/** Corrects an estimate by what calls before have really used. */
export type CorrectInput = (estimate: InputEstimate) => CorrectedInput;
