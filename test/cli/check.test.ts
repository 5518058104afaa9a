import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { EXAMPLE, Folder } from "./sluice.ts";

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());
beforeEach(() => writeFileSync(folder.file("sluice.yaml"), "server:\n  lisen: a\n"));

const EXPECTED =
  "one of listen, data_dir, admin_token, trust_headers, body_max, header_max, connections, " +
  "timeouts; did you mean `listen`?";

describe("sluice check", () => {
  test("accepts the documented example and notes what is not active yet", () => {
    const { code, stdout, stderr } = folder.run(["check", "-c", EXAMPLE]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")[0]).toBe(`${EXAMPLE}: ok`);
    expect(stdout).toMatch(
      /example\.yaml:24: tiers\.critical\.slo: accepted, not active yet \(.+\)\n/,
    );
  });

  test("names file, line, field, what was found and what is allowed", () => {
    expect(folder.run(["check"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        `sluice.yaml:2: server.lisen: found unknown field "lisen", expected ${EXPECTED}\n` +
        "sluice: sluice.yaml has 1 problem\n",
    });
  });

  test("--json prints one object and nothing else", () => {
    const { code, stdout, stderr } = folder.run(["check", "--json"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    const problem = { file: "sluice.yaml", line: 2, field: "server.lisen" };
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      problems: [{ ...problem, found: 'unknown field "lisen"', expected: EXPECTED }],
      inactive: [],
    });
  });

  test("--json of a valid file", () => {
    const { code, stdout } = folder.run(["check", "--json", "--config", EXAMPLE]);
    expect(code).toBe(0);
    const { inactive, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ ok: true, problems: [] });
    expect(inactive).toContainEqual({ field: "telemetry", line: 75, note: "has no effect yet" });
  });

  test("reads variables from the environment", () => {
    writeFileSync(folder.file("sluice.yaml"), `server: { listen: "127.0.0.1:\${PORT}" }\n`);
    expect(folder.run(["check"], { PORT: "1" }).code).toBe(0);
    expect(folder.run(["check"]).stderr).toContain("the environment variable PORT");
  });

  test("a file that is not there is a problem of the configuration", () => {
    expect(folder.run(["check", "-c", "none.yaml"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "none.yaml: (root): found no such file, expected a configuration file\n" +
        "sluice: none.yaml has 1 problem\n",
    });
  });

  test("JSON is read as well", () => {
    writeFileSync(folder.file("sluice.json"), '{\n\t"server": {\n\t\t"lisen": 1\n\t}\n}');
    const { stdout } = folder.run(["check", "--json", "-c", "sluice.json"]);
    expect(JSON.parse(stdout).problems).toMatchObject([{ line: 3, field: "server.lisen" }]);
  });
});

test("sluice schema prints a JSON Schema that knows every section of the example", () => {
  const { code, stdout } = folder.run(["schema"]);
  const sections = readFileSync(EXAMPLE, "utf8").match(/^\w+(?=:)/gm);
  expect(code).toBe(0);
  expect(Object.keys(JSON.parse(stdout).properties)).toEqual(
    expect.arrayContaining(sections ?? []),
  );
});
