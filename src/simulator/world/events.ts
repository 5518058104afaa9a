/** Events: what can happen in a simulated world. */

export const EVENT = {
  /** Of a policy, for one task. */
  timer: 0,
  /** An attempt is at the provider. */
  reach: 1,
  /** The provider begins and finishes to produce an answer. */
  begin: 2,
  finish: 3,
  /** The provider writes what is left into the headers. */
  stamp: 4,
  /** The head of an answer, or all of it, is back. */
  head: 5,
  end: 6,
  /** Somebody else on the account. */
  foreign: 7,
  /** Whatever a policy wanted done; the subject is its number. */
  act: 8,
  /** The next step of a chain arrives. */
  follow: 9,
  /** Measuring begins and ends. */
  open: 10,
  close: 11,
  /** Only in the history: a task arrives, and is given up. */
  arrival: 12,
  surrender: 13,
} as const;
