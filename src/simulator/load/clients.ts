/** Clients: who sent each request where a trace does not say: twenty, one loud and the others ever quieter. */
import { drawIndex, type Random } from "../../workload/random.ts";

const COUNT = 20;
/** Zipf: the k-th asks for 1/k of what the first does. */
const LOUDNESS = Array.from({ length: COUNT }, (_, index) => 1 / (index + 1));

export function drawClient(random: Random): string {
  return `tenant-${drawIndex(random, LOUDNESS) + 1}`;
}
