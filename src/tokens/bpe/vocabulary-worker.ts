/** Vocabulary worker: reads a published vocabulary and lays it out, away from the event loop. */
import { parentPort, workerData } from "node:worker_threads";
import { isEncodingName } from "./encoding-names.ts";
import { type Ranks, vocabularyTables } from "./vocabulary.ts";

if (!isEncodingName(workerData)) throw new Error(`no such encoding: ${String(workerData)}`);
const { default: ranks }: { default: Ranks } = await import(`gpt-tokenizer/bpeRanks/${workerData}`);
const tables = vocabularyTables(ranks);
const { bytes, starts, slots, pairs } = tables;
parentPort?.postMessage(tables, [bytes.buffer, starts.buffer, slots.buffer, pairs.buffer]);
