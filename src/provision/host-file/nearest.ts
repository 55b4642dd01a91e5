/** `known`, those first that are spelled most like `word`. */
export function nearestFirst(word: string, known: readonly string[]): string[] {
  const distances = new Map(known.map((name) => [name, distance(word.toLowerCase(), name.toLowerCase())]));
  return known.toSorted((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0));
}

/** The one of `known` that `word` is a misspelling of; undefined where nothing comes near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [first] = nearestFirst(word, known);
  if (first === undefined) return undefined;
  return distance(word.toLowerCase(), first.toLowerCase()) <= Math.max(2, first.length / 3)
    ? first
    : undefined;
}

const LONGEST = 64;

/** How many letters must be put in, taken out, replaced or swapped with the next. */
function distance(from: string, to: string): number {
  if (from.length > LONGEST) return Number.POSITIVE_INFINITY;
  let older: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (older[j - 2] ?? Number.POSITIVE_INFINITY) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    older = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
