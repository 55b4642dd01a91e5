import type { Span, Timeline, TimelineRow } from '../../deployment/boot-timeline.ts';

const WIDTH = 40;
const MARKS: Record<Span['state'], string> = { activating: '░', active: '█', deactivating: '▒', failed: '✗' };

/** A boot as a table for a terminal: when each unit began to start, when it was ready, and a bar. */
export function timelineRows({ rows, length }: Timeline): { headers: string[]; rows: string[][] } {
  return {
    headers: ['UNIT', 'BEGAN', 'READY', 'STATE', `0 s ${'─'.repeat(WIDTH - 12)} ${seconds(length)}`],
    rows: rows.map((row) => [
      row.unit,
      row.spans[0] === undefined ? '-' : seconds(row.spans[0].from),
      row.ready === null ? '-' : seconds(row.ready),
      lastState(row, length),
      drawBar(row, length),
    ]),
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

function drawBar({ spans }: TimelineRow, length: number): string {
  const cells = Array.from({ length: WIDTH }, () => ' ');
  for (const { state, from, to } of spans) {
    const start = Math.min(WIDTH - 1, Math.floor((from / length) * WIDTH));
    const end = Math.max(start + 1, Math.round((to / length) * WIDTH));
    cells.fill(MARKS[state], start, end);
  }
  return cells.join('').trimEnd();
}
