/** What goes wrong in the middle of Bedrock's streams, and what they are called. */

export const EVENT_STREAM = "application/vnd.amazon.eventstream";

/** The throttle that comes after status 200. */
export const STREAM_EXCEPTION = [
  "throttlingException",
  "Too many tokens, please wait before trying again.",
] as const;
