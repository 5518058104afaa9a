import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SluiceError } from "../core/errors.ts";
import { isOfSessions, parseSessions } from "./parse-sessions.ts";
import { readRecording } from "./read-recording.ts";

const HEADER =
  "session,agent,seq,t_s,model,input_tokens,output_tokens,reusable_prefix_tokens,think_s,api_s,stop";

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (SluiceError.isInstance(error) && error.code === "invalid_request") return error.message;
  }
  throw new Error("no SluiceError was thrown");
}

describe("recorded sessions", () => {
  test("are rows with a thread, a think time and what a cache held", () => {
    const text = `${HEADER}\n2,0,0,0,opus,100,10,0,,5.2,tool_use\n2,1,0,9,haiku,50,5,64,3.5,,end_turn\n`;
    expect(parseSessions(text, "s.csv")).toEqual([
      {
        session: "2",
        thread: "0",
        atSeconds: 0,
        model: "opus",
        inputTokens: 100,
        outputTokens: 10,
        reusableTokens: 0,
        thinkSeconds: 0,
      },
      {
        session: "2",
        thread: "1",
        atSeconds: 9,
        model: "haiku",
        inputTokens: 50,
        outputTokens: 5,
        reusableTokens: 50,
        thinkSeconds: 3.5,
      },
    ]);
  });

  test("each have a time of their own", () => {
    const text = `${HEADER}\na,0,0,90,m,1,1,0,0,1,x\nb,0,0,3,m,1,1,0,0,1,x\na,1,0,90,m,1,1,0,0,1,x`;
    expect(parseSessions(text, "s.csv")).toHaveLength(3);
  });

  test.each([
    ["no rows", "", /^s\.csv:2: found no rows; allowed: at least one request$/],
    [
      "negative tokens",
      "a,0,0,0,m,-1,1,0,0,1,x",
      /^s\.csv:2: found "-1" input tokens; allowed: a whole/,
    ],
    [
      "time that runs back in a session",
      "a,0,0,5,m,1,1,0,0,1,x\na,1,0,4,m,1,1,0,0,1,x",
      /^s\.csv:3: found the time 4 of session a; allowed: no time before the line above$/,
    ],
    ["a session without a name", ",0,0,0,m,1,1,0,0,1,x", /^s\.csv:2: found the session ""; allow/],
    [
      "a negative think time",
      "a,0,0,0,m,1,1,0,-3,1,x",
      /^s\.csv:2: found the think time "-3"; allowed: seconds, 0 or more$/,
    ],
  ])("are refused for %s, by line", (_, rows, message) => {
    expect(messageOf(() => parseSessions(`${HEADER}\n${rows}`, "s.csv"))).toMatch(message);
  });
});

describe("a recording", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-recording-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is of sessions or of requests, as its columns say", () => {
    expect(isOfSessions(`${HEADER}\r\n`)).toBe(true);
    expect(isOfSessions("time_s,client,input_tokens,output_tokens\n0,a,1,1")).toBe(false);
    const file = join(folder, "sessions.csv");
    writeFileSync(file, `${HEADER}\na,0,0,0,m,1,1,0,0,1,x\n`);
    expect(readRecording(file)).toMatchObject({ kind: "sessions", rows: [{ session: "a" }] });
  });

  test("of neither names all forms", () => {
    const file = join(folder, "other.csv");
    writeFileSync(file, "a,b\n1,2\n");
    expect(messageOf(() => readRecording(file))).toBe(
      `${file}:1: found the columns "a,b"; allowed: TIMESTAMP,ContextTokens,GeneratedTokens or ` +
        "time_s,client,input_tokens,output_tokens (client may be absent) or sessions of " +
        "session,agent,t_s,model,input_tokens,output_tokens,reusable_prefix_tokens,think_s",
    );
  });
});
