/** Certificates: an authority of its own with a server's and a client's certificate, made anew for a test by openssl. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Certificates {
  readonly #directory = mkdtempSync(join(tmpdir(), "sluice-certificates-"));
  readonly ca = this.#path("ca.pem");
  readonly cert = this.#path("cert.pem");
  readonly key = this.#path("key.pem");

  /** For `127.0.0.1` and the name `redis.test`. @throws Error without openssl on PATH */
  constructor() {
    const caKey = this.#path("ca-key.pem");
    const request = this.#path("request.pem");
    const names = this.#path("names");
    writeFileSync(names, "subjectAltName=IP:127.0.0.1,DNS:redis.test");
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const authority = ["-subj", "/CN=test authority", "-keyout", caKey, "-out", this.ca];
    openssl("req", "-x509", "-days", "2", ...newKey, ...authority);
    openssl("req", ...newKey, "-subj", "/CN=redis.test", "-keyout", this.key, "-out", request);
    const signed = ["-CA", this.ca, "-CAkey", caKey, "-CAcreateserial", "-extfile", names];
    openssl("x509", "-req", "-days", "2", "-in", request, ...signed, "-out", this.cert);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
