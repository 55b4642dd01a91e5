import { structuredPatch } from 'diff';

/** Where more lines differ than this, all are replaced: a difference is for people, and its search is quadratic. */
const MOST_EDITS = 600;

/** The difference of two texts as `diff -u` prints it; undefined when they are the same. */
export function unifiedDiff(before: string, after: string, from: string, to: string): string | undefined {
  if (before === after) return undefined;
  const options = { context: 3, maxEditLength: MOST_EDITS };
  const patch = structuredPatch(from, to, before, after, undefined, undefined, options);
  const hunks = patch?.hunks.map((hunk) => [
    `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`,
    ...hunk.lines.filter((line) => !line.startsWith('\\')),
  ]) ?? [replaceAll(before, after)];
  return [`--- ${from}`, `+++ ${to}`, ...hunks.flat()].join('\n');
}

// GNU diffutils manual, "Unified Format": a length of one is left out, an empty range names the line before it.
function range(start: number, length: number): string {
  if (length === 0) return `${start - 1},0`;
  return length === 1 ? String(start) : `${start},${length}`;
}

function replaceAll(before: string, after: string): string[] {
  const [old, young] = [splitLines(before), splitLines(after)];
  const ranges = `@@ -${range(1, old.length)} +${range(1, young.length)} @@`;
  return [ranges, ...old.map((line) => `-${line}`), ...young.map((line) => `+${line}`)];
}

// A text that does not end with a line break has a last line all the same.
function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
