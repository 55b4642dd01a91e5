import { BerthError } from '../errors.ts';
import type { JournalEntry } from '../systemd/follow-journal.ts';
import { plainLine } from '../systemd/journal.ts';

/** Of `--lines`. Throws `usage`. */
export function parseLineCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new BerthError('usage', `not a number of lines: --lines ${text}`, { hint: 'such as --lines 100' });
}

/** As journalctl's short output has it; what the unit's own processes logged is under the unit's name. */
export function describeEntry({ time, unit, pid, message }: JournalEntry): string {
  // Anything may call itself systemd.
  const who = pid === 1 ? 'systemd' : unit.replace(/\.service$/, '');
  const prefix = `${localTime(time)} ${who}${pid === null ? '' : `[${pid}]`}: `;
  return (
    prefix +
    message
      .split('\n')
      .map(plainLine)
      .join(`\n${' '.repeat(prefix.length)}`)
  );
}

function localTime(time: string): string {
  const parts = {
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  } as const;
  return new Date(time).toLocaleString('en-US', { ...parts, hourCycle: 'h23' }).replace(',', '');
}
