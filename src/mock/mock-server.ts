/** Mock server: what its user holds, and can order over HTTP just the same. */
import type { Fault } from "./faults/fault.ts";
import type { LimitOrder } from "./limits/limits.ts";
import type { MockStats, ReceivedRequest } from "./stats.ts";

/** What a mock can be asked and told while it runs; in brackets the same under {@link MockServer.controlUrl}. */
export interface MockControls {
  /** What it has seen, granted and refused (`GET /__mock/stats`). */
  stats(): MockStats;
  /** What is left now in each meter, by name: `tpm`, `tpm:gpt-5*`, `max_parallel_requests` (`GET /__mock/levels`). */
  levels(): Record<string, number>;
  /** The last 200 requests as they arrived, oldest first (`GET /__mock/requests`). */
  requests(): readonly ReceivedRequest[];
  /**
   * Changes limits in mid-run (`POST /__mock/limits`). Levels stay; what a lower limit no longer holds is lost.
   *
   * @throws Error naming the limit, its value and what is allowed.
   */
  setLimits(limits: LimitOrder): void;
  /**
   * Arms a fault (`POST /__mock/faults`, one or an array).
   *
   * @throws Error naming the field, its value and what is allowed.
   */
  addFault(fault: Fault): void;
  /** Faults that are armed, with what is left of their count (`GET /__mock/faults`). */
  listFaults(): Fault[];
  /** Disarms all faults (`DELETE /__mock/faults`). */
  clearFaults(): void;
  /** Levels, limits, faults and statistics as at the start (`POST /__mock/reset`). */
  reset(): void;
}

/** A running mock provider. */
export interface MockServer extends MockControls, AsyncDisposable {
  /** Where it listens, without a path: the base URL of Anthropic's SDK; OpenAI's wants `/v1` after it. */
  readonly url: string;
  readonly port: number;
  /** Where the control API is: `/__mock` on the same port. */
  readonly controlUrl: string;
  /** Ends all connections, also running answers. `await using` does it by itself. */
  close(): Promise<void>;
}
