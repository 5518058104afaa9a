import { describe, expect, test } from "vitest";
import { SluiceError } from "../core/errors.ts";
import { parseTrace, readTrace } from "./parse-trace.ts";

const AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens";
const CLIENTS = "time_s,client,input_tokens,output_tokens";

function failure(read: () => unknown): SluiceError {
  try {
    read();
  } catch (error) {
    if (SluiceError.isInstance(error)) return error;
  }
  throw new Error("no SluiceError was thrown");
}

describe("a trace", () => {
  test("of Azure's form has times from its first row on, to a tenth of a microsecond", () => {
    const rows = parseTrace(
      `${AZURE}\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109`,
      "a.csv",
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({ atSeconds: 0, client: null, inputTokens: 374, outputTokens: 44 });
    expect(rows[1].atSeconds).toBeCloseTo(4.314579, 6);
  });

  test("with clients keeps them", () => {
    expect(parseTrace(`${CLIENTS}\n5,c1,10,2\n5.5,c2,0,3\n`, "b.csv")).toEqual([
      { atSeconds: 0, client: "c1", inputTokens: 10, outputTokens: 2 },
      { atSeconds: 0.5, client: "c2", inputTokens: 0, outputTokens: 3 },
    ]);
  });

  test("may have other columns, another order and no clients", () => {
    const [row] = parseTrace("model,output_tokens,input_tokens,time_s\nx,7,8,1\n", "c.csv");
    expect(row).toEqual({ atSeconds: 0, client: null, inputTokens: 8, outputTokens: 7 });
  });

  test.each([
    {
      name: "wrong columns",
      text: "a,b\n1,2",
      message: /^t\.csv:1: found the columns "a,b"; allo/,
    },
    { name: "an empty file", text: "", message: /^t\.csv:1: found an empty line; allowed: TIMEST/ },
    { name: "no rows", text: `${AZURE}\n`, message: /^t\.csv:2: found no rows; allowed: at least/ },
    {
      name: "negative tokens",
      text: `${CLIENTS}\n0,a,1,1\n1,a,-5,1`,
      message: /^t\.csv:3: found "-5" input tokens; allowed: a whole number from 0 to 1000000$/,
    },
    {
      name: "half a token",
      text: `${CLIENTS}\n0,a,1,1.5`,
      message: /^t\.csv:2: found "1\.5" output tokens/,
    },
    {
      name: "more tokens than a prompt has",
      text: `${CLIENTS}\n0,a,1000001,1`,
      message: /^t\.csv:2: found "1000001" input tokens/,
    },
    {
      name: "a missing column",
      text: `${CLIENTS}\n0,a,1`,
      message: /^t\.csv:2: found "" output tokens/,
    },
    {
      name: "time that runs back",
      text: `${CLIENTS}\n2,a,1,1\n\n1,a,1,1`,
      message: /^t\.csv:4: found the time 1; allowed: no time before the line above$/,
    },
    {
      name: "time that is none",
      text: `${CLIENTS}\nsoon,a,1,1`,
      message: /^t\.csv:2: found the time "soon"; allowed: seconds, 0 or more$/,
    },
    {
      name: "a stamp that is none",
      text: `${AZURE}\n12,1,1`,
      message: /^t\.csv:2: found the time "12"; allowed: a time such as 2023-11-16 18:15:46/,
    },
    {
      name: "a day that does not exist",
      text: `${AZURE}\n2023-13-45 18:15:46,1,1`,
      message: /^t\.csv:2: found the time/,
    },
    {
      name: "a client without a name",
      text: `${CLIENTS}\n0,,1,1`,
      message: /^t\.csv:2: found the client ""; allowed: a name of 1 to 100 characters$/,
    },
  ])("is refused for $name, by line", ({ text, message }) => {
    const error = failure(() => parseTrace(text, "t.csv"));
    expect(error.message).toMatch(message);
    expect(error.code).toBe("invalid_request");
  });

  test("that is not there, or is a folder, is refused by name", () => {
    const missing = failure(() => readTrace("/nowhere/trace.csv"));
    expect(missing.message).toBe(
      "/nowhere/trace.csv: found nothing to read (no such file or directory); allowed: a CSV file of at most 512 MB",
    );
    expect(missing.code).toBe("invalid_request");
    expect(failure(() => readTrace(import.meta.dirname)).message).toContain("on a directory");
  });
});
