import { type Edit, editLines } from './edit-lines.ts';

/** Lines around a change that stay the same. */
const CONTEXT = 3;

/** The difference of two texts as `diff -u` prints it; undefined when they are the same. */
export function unifiedDiff(before: string, after: string, from: string, to: string): string | undefined {
  const edits = editLines(splitLines(before), splitLines(after));
  const hunks = findHunks(edits);
  if (hunks.length === 0) return undefined;
  return [
    `--- ${from}`,
    `+++ ${to}`,
    ...hunks.flatMap(({ start, end }) => printHunk(edits, start, end)),
  ].join('\n');
}

// A text that does not end with a line break has a last line all the same.
function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Stretches of edits with their context; what would touch is one. */
function findHunks(edits: readonly Edit[]): { start: number; end: number }[] {
  const hunks: { start: number; end: number }[] = [];
  for (const [index, { kind }] of edits.entries()) {
    if (kind === ' ') continue;
    const start = Math.max(0, index - CONTEXT);
    const end = Math.min(edits.length, index + CONTEXT + 1);
    const last = hunks.at(-1);
    if (last !== undefined && start <= last.end) last.end = end;
    else hunks.push({ start, end });
  }
  return hunks;
}

function printHunk(edits: readonly Edit[], start: number, end: number): string[] {
  const hunk = edits.slice(start, end);
  const range = (other: '+' | '-') => {
    const before = edits.slice(0, start).filter(({ kind }) => kind !== other).length;
    const length = hunk.filter(({ kind }) => kind !== other).length;
    // GNU diffutils manual, "Unified Format": an empty range names the line before it.
    const first = length === 0 ? before : before + 1;
    return length === 1 ? String(first) : `${first},${length}`;
  };
  return [`@@ -${range('+')} +${range('-')} @@`, ...hunk.map(({ kind, line }) => `${kind}${line}`)];
}
