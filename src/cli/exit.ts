/** Exit: what the process ends with, the same for every command (CONTRACTS 3). */

export const EXIT = {
  ok: 0,
  failure: 1,
  /** Wrong arguments or a wrong configuration. */
  usage: 2,
  /** Some of it was done. */
  partial: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Makes a commander action of a function that returns its exit code. */
export function exits<A extends readonly unknown[]>(
  run: (...args: A) => ExitCode | Promise<ExitCode>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    process.exitCode = await run(...args);
  };
}
