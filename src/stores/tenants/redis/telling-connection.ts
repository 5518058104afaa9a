/** Telling connection: says of which Redis, and why, something could not be had. */
import { SluiceError } from "../../../core/errors.ts";
import type { CommandConnection } from "../../redis/connection.ts";

/**
 * @param place for people, e.g. `store.url redis://127.0.0.1:6379`
 * @returns the same connection, whose failures are SluiceErrors with the code `store_unavailable`
 */
export function tellingConnection(connection: CommandConnection, place: string): CommandConnection {
  const tell = (cause: unknown) => {
    const why = connection.trouble ?? (cause instanceof Error ? cause.message : String(cause));
    throw new SluiceError("store_unavailable", `${place}: ${why}`, { cause });
  };
  return {
    run: (...asked) => connection.run(...asked).catch(tell),
    call: (...asked) => connection.call(...asked).catch(tell),
    subscribe: (...asked) => connection.subscribe(...asked),
    close: () => connection.close(),
    get trouble() {
      return connection.trouble;
    },
  };
}
