/** Rank candidates: which of an alias's candidates may serve a request, and which only when there is no room. */

/** What ranking looks at. */
export interface Ranked {
  /** 0 to 1; null: not told, so it counts as good as the best. */
  readonly quality: number | null;
}

export interface Ranking<C> {
  /** As good as the best, in the order they are written. */
  readonly best: readonly C[];
  /** Of lower quality, best first: for what suits them, and where a task falls back to a smaller model. */
  readonly smaller: readonly C[];
}

/** `minQuality`: 0 to 1; null: any. Candidates below it serve in no case. */
export function rankCandidates<C extends Ranked>(
  candidates: readonly C[],
  minQuality: number | null,
): Ranking<C> {
  const good = candidates.filter(({ quality }) => quality === null || quality >= (minQuality ?? 0));
  const told = good.map(({ quality }) => quality).filter((quality) => quality !== null);
  const top = Math.max(...told);
  const isBest = ({ quality }: C) => quality === null || quality >= top;
  const smaller = good.filter((candidate) => !isBest(candidate));
  smaller.sort((a, b) => (b.quality ?? 0) - (a.quality ?? 0));
  return { best: good.filter(isBest), smaller };
}
