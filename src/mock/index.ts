/** Mock provider: an HTTP server that speaks the APIs of LLM providers and platforms, and really limits as they do. */

export type { OutputLength } from "./answer/draft.ts";
export { DIALECT_NAMES, type DialectName } from "./dialect.ts";
export type { Fault, FaultKind, FaultReach } from "./faults/fault.ts";
export {
  DIMENSIONS as MOCK_LIMITS,
  type Dimension,
  type LimitChanges,
  type LimitOrder,
  type MockLimits,
} from "./limits/limits.ts";
export type { MockControls, MockServer } from "./mock-server.ts";
export { INSTANT, type MockLatency, type MockOptions } from "./options.ts";
export { parseMockLimits } from "./parse-limits.ts";
export { startMock } from "./server.ts";
export type { MockStats, ReceivedRequest } from "./stats.ts";
