/** Watch: loads a configuration file again whenever it has changed, however it was replaced. */
import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import { type Loaded, type LoadOptions, loadConfig } from "./load.ts";

/** An editor writes in several steps; half a file is not worth a message. */
const DEBOUNCE_MS = 200;
/** Finds what no event tells: network drives, links that point into another folder. */
const POLL_MS = 2_000;

export type WatchOptions = Extract<LoadOptions, { readonly file: string }>;

/**
 * Calls `onChange` after each change until `signal` aborts; with problems if the file is invalid,
 * so that the caller keeps the configuration it has. It does not load at the start.
 */
export function watchConfig(
  options: WatchOptions,
  onChange: (loaded: Loaded) => void,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  let seen = fingerprint(options.file);
  let debounce: NodeJS.Timeout | undefined;
  const reload = () => onChange(loadConfig(options));
  const notice = () => {
    const current = fingerprint(options.file);
    // Only the file's own changes put off the reload: a busy neighbour in the folder must not.
    if (current === seen) return;
    seen = current;
    clearTimeout(debounce);
    debounce = setTimeout(reload, DEBOUNCE_MS).unref();
  };
  const poll = setInterval(notice, POLL_MS).unref();
  const watcher = watchFolder(dirname(options.file), notice);
  const stop = () => {
    clearTimeout(debounce);
    clearInterval(poll);
    watcher?.close();
  };
  signal.addEventListener("abort", stop, { once: true });
}

/** The folder, not the file: a file that is renamed over the old one is another file. */
function watchFolder(folder: string, notice: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, notice);
    // The folder may vanish; polling goes on.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Follows links, as Kubernetes swaps the folder a link points to. */
function fingerprint(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch {
    return "none";
  }
}
