/** Sluice: schedules shared rate limits over many tenants. This is the package's only re-export. */
export { ERROR_STATUS, type ErrorCode, type RefusalDetails, SluiceError } from "./core/errors.ts";
export type { Fallback, LatencyClass } from "./core/task.ts";
export type {
  Classify,
  ClassifyAnswer,
  ClassifyOptions,
  ClassifyQuestion,
} from "./runtime/classify/classify.ts";
export type { BreakerEvent, StoppedEvent } from "./runtime/health-watch.ts";
export type { PressureEvent } from "./runtime/pressure-watch.ts";
export type { ShadowEvent } from "./runtime/shadow/shadow-mode.ts";
export type { StoreEvent } from "./runtime/shared-store.ts";
export type { Slot, SlotDemand, SlotResult } from "./runtime/slot.ts";
export {
  type AcquireOptions,
  createSluice,
  type Sluice,
  type SluiceOptions,
} from "./runtime/sluice.ts";
export type { TaskOptions } from "./runtime/task-context.ts";
export type {
  PriceUnknownEvent,
  QuotaEvent,
  RunawayEvent,
  StoreFailedEvent,
} from "./runtime/tenants/alert-book.ts";
export {
  type ChunkedMessages,
  type ChunkMessagesOptions,
  chunkMessages,
} from "./tokens/chunk/chunk-messages.ts";
export { type ChunkOptions, chunkText, type TextChunk } from "./tokens/chunk/chunk-text.ts";
export { type Trimmed, type TrimOptions, trimMessages } from "./tokens/trim/trim.ts";
export { type TrimmedRequest, trimRequest } from "./tokens/trim/trim-request.ts";
