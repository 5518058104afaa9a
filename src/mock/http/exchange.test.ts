import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { type Ending, Exchange } from "./exchange.ts";

/** A response whose socket takes nothing until it drains. */
class StuckResponse extends EventEmitter {
  written = "";
  headersSent = true;
  statusCode = 200;

  write(text: string): boolean {
    this.written += text;
    return false;
  }

  end(text: string): void {
    this.written += text;
  }
}

function exchangeOf(response: StuckResponse): { exchange: Exchange; endings: Ending[] } {
  const exchange = new Exchange({} as IncomingMessage, response as unknown as ServerResponse);
  const endings: Ending[] = [];
  exchange.onEnd((ending) => endings.push(ending));
  return { exchange, endings };
}

/** Lets all that is ready run. */
async function isSettled(promise: Promise<void> | undefined): Promise<boolean> {
  let settled = false;
  promise?.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe("exchange", () => {
  test.each(["drain", "close"])("a writer waits for a slow reader until %s", async (event) => {
    const response = new StuckResponse();
    const { exchange } = exchangeOf(response);
    const waiting = exchange.write("first");
    expect(await isSettled(waiting)).toBe(false);
    response.emit(event);
    expect(await isSettled(waiting)).toBe(true);
    expect(exchange.isOpen).toBe(event === "drain");
  });

  test("sleep and hanging end when the client leaves", async () => {
    const response = new StuckResponse();
    const { exchange, endings } = exchangeOf(response);
    const sleeping = exchange.sleep(1_000_000_000_000);
    expect(await isSettled(sleeping)).toBe(false);
    response.emit("close");
    expect(await isSettled(sleeping)).toBe(true);
    expect(await isSettled(exchange.untilClosed())).toBe(true);
    expect(endings).toEqual(["client-left"]);
  });

  test("it ends once, before the last byte leaves, and says nothing after", () => {
    const response = new StuckResponse();
    const { exchange, endings } = exchangeOf(response);
    const writtenAtEnd: string[] = [];
    exchange.onEnd(() => writtenAtEnd.push(response.written));
    exchange.end("last");
    exchange.end("more");
    response.emit("close");
    expect(exchange.write("more")).toBe(undefined);
    expect({ endings, writtenAtEnd, written: response.written }).toEqual({
      endings: ["answered"],
      writtenAtEnd: [""],
      written: "last",
    });
  });

  test("who comes after the end is told at once", () => {
    const response = new StuckResponse();
    const { exchange } = exchangeOf(response);
    response.emit("close");
    const endings: Ending[] = [];
    exchange.onEnd((ending) => endings.push(ending));
    expect(endings).toEqual(["client-left"]);
  });
});
