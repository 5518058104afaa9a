import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { Folder, MAIN } from "./sluice.ts";

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

describe("wrong use ends with 2, one line and a suggestion", () => {
  test.each([
    [["chek"], "sluice: unknown command 'chek' (Did you mean check?)\n"],
    [["check", "--jsn"], "sluice: unknown option '--jsn' (Did you mean --json?)\n"],
    [["check", "-c"], "sluice: option '-c, --config <file>' argument missing\n"],
    [
      ["schema", "extra"],
      "sluice: too many arguments for 'schema'. Expected 0 arguments but got 1: extra.\n",
    ],
    [["key", "crate"], "sluice: unknown command 'crate' (Did you mean create?)\n"],
  ])("%j", (args, stderr) => {
    expect(folder.run(args)).toEqual({ code: 2, stdout: "", stderr });
  });

  test.each([[[]], [["key"]]])("%j alone shows its help", (args) => {
    const { code, stderr } = folder.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: sluice");
  });
});

describe("help", () => {
  const commands = [[], ["init"], ["check"], ["schema"], ["classify"], ["key"], ["key", "create"]];

  test.each(commands.map((command) => [command]))("of %j has an example", (command) => {
    const { code, stdout } = folder.run([...command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\n  \\$ sluice ${command.join(" ")}`));
  });

  test("--version is the package's", () => {
    const file = new URL("../../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(file, "utf8"));
    expect(folder.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("the process", () => {
  test("shows a stack only when asked to", () => {
    const args = [MAIN, "init", "-c", folder.file("none/sluice.yaml")];
    expect(folder.run(args.slice(1))).toMatchObject({
      code: 1,
      stderr: `sluice: ${folder.file("none/sluice.yaml")}: no such file or directory\n`,
    });
  });

  test("SLUICE_DEBUG=1 shows it", async () => {
    const args = [MAIN, "init", "-c", folder.file("none/sluice.yaml")];
    const child = spawn(process.execPath, args, { env: { SLUICE_DEBUG: "1" } });
    expect(await text(child.stderr)).toMatch(/^\s+at /m);
  });

  test("ends quietly when its reader has seen enough", async () => {
    const child = spawn(process.execPath, [MAIN, "schema"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("ends with 130 when interrupted", async () => {
    // Keeps the process alive as a long command would.
    const alive = "data:text/javascript,setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ["--import", alive, MAIN, "schema"]);
    await once(child.stdout, "data");
    child.stdout.resume();
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
  });
});
