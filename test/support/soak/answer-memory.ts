/** Answer memory: loaded into a gateway's process before it starts; says how much memory it holds when asked. */
const MIB = 1_048_576;

process.on("message", (question) => {
  if (question !== "memory") return;
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapMiB: (heapUsed + external) / MIB, rssMiB: rss / MIB });
});
// Whoever asks must not keep it alive.
process.channel?.unref();
