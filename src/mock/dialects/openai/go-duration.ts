/** Go durations: the form of OpenAI's reset headers and of the waits in its prose. */

/** `120ms`, `1s`, `6m0s`, `1m26.4s`, `23h18m29.144s`; rounded up to a millisecond, so never too short. */
export function goDuration(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms - 1e-9));
  if (whole === 0) return "0s";
  if (whole < 1_000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = `${(whole % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
