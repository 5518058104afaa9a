/** Store traffic: what the programs of one run asked of their shared store, and what that cost. */

export interface Traffic {
  steps: number;
  operations: number;
  bytesToStore: number;
  bytesFromStore: number;
  wakes: number;
  lost: number;
  /** Time in which the store was at work, microseconds. */
  busy: number;
  /** The longest that a step has waited for others before it, microseconds. */
  longestQueue: number;
}
