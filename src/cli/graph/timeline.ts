import type { Span, Timeline, TimelineRow } from '../../deployment/boot-timeline.ts';
import { columnWidths, GAP } from '../columns.ts';

/** Characters of a bar: what is left of a terminal, within these. */
const [NARROWEST, WIDEST] = [16, 40];
const MARKS: Record<Span['state'], string> = { activating: '░', active: '█', deactivating: '▒', failed: '✗' };

/** A boot as a table for a terminal: when each unit began to start, when it was ready, and a bar. */
export function timelineRows(
  { rows, length }: Timeline,
  room = Number.POSITIVE_INFINITY,
): { headers: string[]; rows: string[][] } {
  const headers = ['UNIT', 'BEGAN', 'READY', 'STATE'];
  const facts = rows.map((row) => [
    row.unit,
    row.spans[0] === undefined ? '-' : seconds(row.spans[0].from),
    row.ready === null ? '-' : seconds(row.ready),
    lastState(row, length),
  ]);
  const taken = columnWidths(headers, facts).reduce((sum, width) => sum + width + GAP.length, 0);
  const width = Math.max(NARROWEST, Math.min(WIDEST, room - taken));
  return {
    headers: [...headers, `0 s ${'─'.repeat(width - 12)} ${seconds(length)}`],
    rows: facts.map((cells, index) => [...cells, drawBar(rows[index]?.spans ?? [], length, width)]),
  };
}

/** What a row ends in, in a word. */
export function lastState({ spans, later }: TimelineRow, length: number): string {
  if (later !== null) return `started later, at ${seconds(later)}`;
  const last = spans.at(-1);
  if (last === undefined) return 'not started';
  return last.to < length ? 'inactive' : last.state;
}

/** Seconds with as many digits as tell services apart. */
export function seconds(value: number): string {
  return `${value.toFixed(value < 100 ? 3 : 1)} s`;
}

function drawBar(spans: readonly Span[], length: number, width: number): string {
  const cells = Array.from({ length: width }, () => ' ');
  for (const { state, from, to } of spans) {
    const start = Math.min(width - 1, Math.floor((from / length) * width));
    const end = Math.max(start + 1, Math.round((to / length) * width));
    cells.fill(MARKS[state], start, end);
  }
  return cells.join('').trimEnd();
}
