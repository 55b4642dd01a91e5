/** A line that stays, goes, or comes. */
export interface Edit {
  kind: ' ' | '-' | '+';
  line: string;
}

/** Where more lines differ than this, all of the rest is replaced: a diff is for people. */
const MOST_EDITS = 600;

/** The fewest edits that make one list of lines the other (E. Myers, "An O(ND) Difference Algorithm", 1986). */
export function editLines(before: readonly string[], after: readonly string[]): Edit[] {
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same += 1;
  const head = before.slice(0, same).map((line): Edit => ({ kind: ' ', line }));
  return [...head, ...editRest(before.slice(same), after.slice(same))];
}

function editRest(before: readonly string[], after: readonly string[]): Edit[] {
  const trace = findTrace(before, after);
  if (trace === undefined) {
    return [
      ...before.map((line): Edit => ({ kind: '-', line })),
      ...after.map((line): Edit => ({ kind: '+', line })),
    ];
  }
  return followBack(before, after, trace);
}

/** For each number of edits, how far each diagonal x - y comes in `before`; undefined for too many. */
function findTrace(before: readonly string[], after: readonly string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = [];
  let reached = new Map([[1, 0]]);
  for (let edits = 0; edits <= MOST_EDITS; edits += 1) {
    const next = new Map<number, number>();
    trace.push(next);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOn(reached, diagonal, edits);
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return trace;
    }
    reached = next;
  }
  return undefined;
}

function startOn(reached: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  return isInsertion(reached, diagonal, edits)
    ? (reached.get(diagonal + 1) ?? 0)
    : (reached.get(diagonal - 1) ?? 0) + 1;
}

function isInsertion(reached: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true;
  if (diagonal === edits) return false;
  return (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1);
}

function followBack(
  before: readonly string[],
  after: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [before.length, after.length];
  const stay = (until: number) => {
    for (; x > until; x -= 1, y -= 1) edits.push({ kind: ' ', line: before[x - 1] ?? '' });
  };
  for (let count = trace.length - 1; count > 0; count -= 1) {
    const reached = trace[count - 1] ?? new Map();
    const diagonal = x - y;
    stay(startOn(reached, diagonal, count));
    if (isInsertion(reached, diagonal, count)) {
      y -= 1;
      edits.push({ kind: '+', line: after[y] ?? '' });
    } else {
      x -= 1;
      edits.push({ kind: '-', line: before[x] ?? '' });
    }
  }
  stay(0);
  return edits.reverse();
}
