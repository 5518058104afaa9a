/** Sluice: runs the real command in a folder of its own, as a user would. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { MAIN } from "../support/main-path.ts";

export { MAIN };
export const EXAMPLE = fileURLToPath(new URL("../../src/config/example.yaml", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "sluice-cli-"));

  file(name: string): string {
    return join(this.path, name);
  }

  /** No run may show a stack trace or, since nothing here is a terminal, a colour. */
  run(args: readonly string[], env: Record<string, string> = {}, input = ""): Ended {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: this.path,
      encoding: "utf8",
      input,
      env: { PATH: process.env["PATH"], ...env },
    });
    expect(`${stdout}${stderr}`).not.toMatch(/^\s+at .+:\d+/m);
    expect(`${stdout}${stderr}`).not.toContain("\u001b[");
    return { code: status, stdout, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
