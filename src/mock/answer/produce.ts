/** Produce: paces an answer token by token, as a model would, until it ends or its reader has gone. */

export interface Pace {
  readonly firstTokenMs: number;
  /** 0: as fast as the reader reads. */
  readonly tokensPerSecond: number;
  /** The least time between two chunks: faster models send several tokens in one. */
  readonly chunkMs: number;
}

/** Who reads the answer. */
export interface Reader {
  readonly isOpen: boolean;
  /** Ends early when the reader goes. */
  sleep(ms: number): Promise<void>;
}

/** Chunks of an answer that nothing slows: enough to be a stream, few enough to be quick. */
const UNPACED_CHUNKS = 8;
const MAX_UNPACED_CHUNK_TOKENS = 256;

/**
 * Calls `emit(from, to)` for each chunk when its last token is due, measured from the start so that
 * late timers do not add up. Resolves when all is emitted or the reader has gone.
 */
export async function produce(
  reader: Reader,
  tokens: number,
  pace: Pace,
  emit: (from: number, to: number) => Promise<void> | undefined,
): Promise<void> {
  const startedAt = performance.now();
  if (pace.firstTokenMs > 0) await reader.sleep(pace.firstTokenMs);
  let to = 0;
  while (reader.isOpen && to < tokens) {
    const from = to;
    to = Math.min(tokens, from + chunkTokens(from, tokens, pace));
    const lateMs = performance.now() - startedAt - dueMs(to, pace);
    if (lateMs < 0) await reader.sleep(-lateMs);
    if (!reader.isOpen) return;
    const drained = emit(from, to);
    if (drained) await drained;
  }
}

/** The first token comes alone: it is what "time to first token" means. */
function chunkTokens(from: number, tokens: number, pace: Pace): number {
  if (pace.tokensPerSecond === 0) {
    return Math.min(MAX_UNPACED_CHUNK_TOKENS, Math.ceil(tokens / UNPACED_CHUNKS));
  }
  if (from === 0) return 1;
  return Math.max(1, Math.floor((pace.tokensPerSecond * pace.chunkMs) / 1_000));
}

function dueMs(token: number, pace: Pace): number {
  if (pace.tokensPerSecond === 0) return pace.firstTokenMs;
  return pace.firstTokenMs + ((token - 1) * 1_000) / pace.tokensPerSecond;
}
