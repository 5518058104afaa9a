import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Loaded } from "./load.ts";
import { watchConfig } from "./watch.ts";

let folder: string;
let stop: AbortController;
let seen: Loaded[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-watch-"));
  stop = new AbortController();
  seen = [];
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true });
});

const withPort = (port: number) => `server: { listen: "127.0.0.1:${port}" }\n`;
const ports = () =>
  seen.map((loaded) => (loaded.ok ? loaded.config.server.listen.port : loaded.problems[0].field));

function watching(file: string): void {
  watchConfig({ file, env: {} }, (loaded) => seen.push(loaded), stop.signal);
}

/** The file system tells in real time: waits as short as it allows. */
function expectPorts(...expected: (number | string)[]): Promise<void> {
  return expect.poll(ports, { timeout: 10_000, interval: 20 }).toEqual(expected);
}

describe("watching a configuration", () => {
  test("loads it again when it is written in place", async () => {
    const file = join(folder, "sluice.yaml");
    writeFileSync(file, withPort(1));
    watching(file);
    writeFileSync(file, withPort(20));
    await expectPorts(20);
  });

  test("tells problems instead of a configuration, and goes on", async () => {
    const file = join(folder, "sluice.yaml");
    writeFileSync(file, withPort(1));
    watching(file);
    writeFileSync(file, "server: { lisen: 1 }\n");
    await expectPorts("server.lisen");
    writeFileSync(file, withPort(300));
    await expectPorts("server.lisen", 300);
  });

  test("sees a file that is renamed over the old one, as editors do", async () => {
    const file = join(folder, "sluice.yaml");
    writeFileSync(file, withPort(1));
    watching(file);
    writeFileSync(`${file}.new`, withPort(2));
    renameSync(`${file}.new`, file);
    await expectPorts(2);
  });

  test("sees a link that is swapped, as Kubernetes does", async () => {
    const file = join(folder, "sluice.yaml");
    for (const [version, port] of [
      ["v1", 1],
      ["v2", 2],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "sluice.yaml"), withPort(port));
    }
    symlinkSync("v1", join(folder, "..data"));
    symlinkSync(join("..data", "sluice.yaml"), file);
    watching(file);
    symlinkSync("v2", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    await expectPorts(2);
  });

  test("reloads once for several writes in a row, not for its neighbours", async () => {
    const file = join(folder, "sluice.yaml");
    writeFileSync(file, withPort(1));
    watching(file);
    for (const port of [2, 30, 400]) writeFileSync(file, withPort(port));
    const neighbour = setInterval(() => writeFileSync(join(folder, "log"), `${Math.random()}`), 20);
    await expectPorts(400).finally(() => clearInterval(neighbour));
  });

  test("is silent once aborted", async () => {
    const file = join(folder, "sluice.yaml");
    const other = join(folder, "other.yaml");
    for (const name of [file, other]) writeFileSync(name, withPort(1));
    watching(file);
    stop.abort();
    const control = new AbortController();
    const controls: Loaded[] = [];
    watchConfig({ file: other, env: {} }, (loaded) => controls.push(loaded), control.signal);
    for (const name of [file, other]) writeFileSync(name, withPort(20));
    await expect.poll(() => controls.length, { timeout: 10_000 }).toBe(1);
    control.abort();
    expect(ports()).toEqual([]);
  });
});
