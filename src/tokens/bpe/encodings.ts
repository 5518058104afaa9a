/**
 * Encodings: each vocabulary is loaded once, by a worker, when it is first asked for.
 *
 * To read two megabytes of source and to lay out 200,000 tokens takes some hundred milliseconds;
 * in the event loop every request would wait for it.
 */
import { extname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  CL100K_TOKEN_SPLIT_REGEX,
  O200K_TOKEN_SPLIT_REGEX,
} from "gpt-tokenizer/encodingParams/constants";
import { Encoding } from "./encoding.ts";
import type { EncodingName } from "./encoding-names.ts";
import { Vocabulary, type VocabularyTables } from "./vocabulary.ts";

const SPLITS: Readonly<Record<EncodingName, RegExp>> = {
  o200k_base: O200K_TOKEN_SPLIT_REGEX,
  cl100k_base: CL100K_TOKEN_SPLIT_REGEX,
};

/** Code that has not run yet is ten times as slow: no request shall wait until it is compiled. */
const WARM_UPS = 20;
/** Patterns are compiled once for Latin-1 and once for all other strings. */
const WARM_UP = [
  'Does a {"value": 12.5} do? aGVsbG8gd29ybGQ=\n  if (x) return y;\n'.repeat(16),
  "Does it? 你好世界，这是一个测试。 Привет 🙂\n".repeat(16),
];

const loading = new Map<EncodingName, Promise<Encoding>>();
const loaded = new Map<EncodingName, Encoding>();

/** The encoding if it is there; else it is on its way from now on, and null. */
export function encodingIfLoaded(name: EncodingName): Encoding | null {
  const encoding = loaded.get(name);
  if (encoding !== undefined) return encoding;
  // Without it estimates stay rough, which is no reason to fail a request.
  if (!loading.has(name)) loadEncoding(name).catch(() => {});
  return null;
}

/** Waits for the encoding; rejects when its vocabulary cannot be read. */
export function loadEncoding(name: EncodingName): Promise<Encoding> {
  const known = loading.get(name);
  if (known !== undefined) return known;
  const coming = prepare(name);
  loading.set(name, coming);
  return coming;
}

async function prepare(name: EncodingName): Promise<Encoding> {
  const encoding = new Encoding(new Vocabulary(await readTables(name)), SPLITS[name]);
  for (let i = 0; i < WARM_UPS; i++) {
    encoding.count(WARM_UP[i % 2]);
    await setImmediate();
  }
  loaded.set(name, encoding);
  return encoding;
}

function readTables(name: EncodingName): Promise<VocabularyTables> {
  const file = `./vocabulary-worker${extname(import.meta.filename)}`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(file, import.meta.url), { workerData: name });
    // A program that has nothing else to do must not wait for it.
    worker.unref();
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error(`the vocabulary ${name} was not read`)));
  });
}
