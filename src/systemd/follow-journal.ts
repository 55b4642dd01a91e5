import { BerthError } from '../errors.ts';
import { hostProgram } from './host-program.ts';
import { messageText } from './journal.ts';

/** Of which time, and of which system, entries of the journal are wanted. */
export interface JournalSpan {
  /** The directory of the system whose journal it is. */
  root: string;
  /** At most so many, the last ones. */
  lines?: number | undefined;
  /** As journalctl takes it: see `journalTime`. */
  since?: string | undefined;
  until?: string | undefined;
  /** Of the running boot alone. */
  boot?: boolean | undefined;
  /** Goes on with what is logged from now on, until `signal`. */
  follow?: boolean | undefined;
}

/** Which entries of the journal are wanted. */
export interface JournalQuery extends JournalSpan {
  units: readonly string[];
}

/** The same by conditions as journalctl takes them, and which of their fields. */
export interface FieldsQuery extends JournalSpan {
  match: readonly string[];
  fields: readonly string[];
}

/** Fields of an entry as journalctl gives them; all but the time may be missing. */
export interface EntryFields extends Partial<Record<string, unknown>> {
  /** RFC 3339, UTC, with microseconds. */
  time: string;
}

/** What a unit logged, or systemd about it. */
export interface JournalEntry {
  /** RFC 3339, UTC, with microseconds. */
  time: string;
  unit: string;
  /** Who says that it logged, such as `systemd`. */
  identifier: string;
  pid: number | null;
  /** 0 (emergency) to 7 (debug), as in syslog(3). */
  priority: number;
  message: string;
}

const FIELDS = [
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_IDENTIFIER',
  '_COMM',
  '_PID',
  '_SYSTEMD_UNIT',
  'UNIT',
  'OBJECT_SYSTEMD_UNIT',
  'COREDUMP_UNIT',
] as const;

// Whom an entry is about may only be said by those whom journalctl believes: it has chosen the entries.
const UNITS = ['_SYSTEMD_UNIT', 'UNIT', 'OBJECT_SYSTEMD_UNIT', 'COREDUMP_UNIT'] as const;

/**
 * Reads what units logged and what systemd logged about them, ordered by time. Ends without an error when
 * `signal` is aborted. Throws `usage` for a time that journalctl does not know, `systemd-unreachable`, and
 * `systemd-refused`.
 */
export async function* readJournal(query: JournalQuery, signal: AbortSignal): AsyncGenerator<JournalEntry> {
  const match = query.units.map((unit) => `--unit=${unit}`);
  for await (const fields of readFields({ ...query, match, fields: FIELDS }, signal)) {
    yield readEntry(fields, query.units);
  }
}

/** Reads entries as they are, ordered by time. Ends and throws as `readJournal`. */
export async function* readFields(query: FieldsQuery, signal: AbortSignal): AsyncGenerator<EntryFields> {
  const journalctl = await hostProgram('journalctl');
  const { execa } = await import('execa');
  // What was logged just before may still be on its way into the journal.
  if (query.root === '/') await execa(journalctl, ['--sync'], { stdin: 'ignore', reject: false });
  const reading = execa(journalctl, journalArguments(query), {
    stdin: 'ignore',
    buffer: { stdout: false },
    reject: false,
    cancelSignal: signal,
  });
  try {
    for await (const line of reading) {
      // The last line may be cut off.
      if (signal.aborted) return;
      const fields = JSON.parse(line) as { __REALTIME_TIMESTAMP: string };
      yield { ...fields, time: microseconds(BigInt(fields.__REALTIME_TIMESTAMP)) };
    }
  } finally {
    // Whoever asked may want no more.
    reading.kill();
  }
  const { failed, stderr } = await reading;
  if (failed && !signal.aborted) throw refusal(stderr);
}

/**
 * A time as journalctl takes it. Beside what it knows itself (systemd.time(7)), people write a span for the
 * time that is so long ago, and RFC 3339, as berth prints it.
 */
export function journalTime(text: string): string {
  if (/^\d+(?:\.\d+)?\s*[a-z]+$/.test(text)) return `-${text}`;
  const parts = /^\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?/.exec(text);
  const instant = parts === null ? Number.NaN : Date.parse(text);
  // A Date has milliseconds, the journal microseconds.
  return Number.isNaN(instant) ? text : `@${Math.floor(instant / 1000)}${parts?.[1] ?? ''}`;
}

function journalArguments(query: FieldsQuery): string[] {
  const { match, fields, root, lines, since, until, boot, follow } = query;
  return [
    ...['--quiet', '--no-pager', '--all', '--output=json', `--output-fields=${fields.join(',')}`],
    ...(root === '/' ? [] : [`--root=${root}`]),
    ...(lines === undefined ? [] : [`--lines=${lines}`]),
    ...(since === undefined ? [] : [`--since=${journalTime(since)}`]),
    ...(until === undefined ? [] : [`--until=${journalTime(until)}`]),
    ...(boot ? ['--boot'] : []),
    ...(follow ? ['--follow'] : []),
    ...match,
  ];
}

function readEntry(fields: EntryFields, units: readonly string[]): JournalEntry {
  const about = UNITS.map((field) => fields[field]);
  return {
    time: fields.time,
    unit: units.find((unit) => about.includes(unit)) ?? '',
    identifier: messageText(fields['SYSLOG_IDENTIFIER'] ?? fields['_COMM']),
    pid: fields['_PID'] === undefined ? null : Number(fields['_PID']),
    priority: Number(fields['PRIORITY'] ?? 6),
    message: messageText(fields['MESSAGE']),
  };
}

/** RFC 3339 of microseconds since 1970. */
function microseconds(time: bigint): string {
  const text = new Date(Number(time / 1000n)).toISOString();
  return text.replace('Z', `${String(time % 1000n).padStart(3, '0')}Z`);
}

function refusal(stderr: string): BerthError {
  const said = stderr.trim();
  if (said.startsWith('Failed to parse timestamp')) {
    return new BerthError('usage', `not a time: ${said.replace(/^.*: /, '')}`, {
      hint: 'such as 10min, yesterday, "2026-01-31 12:00" or 2026-01-31T12:00:00Z',
    });
  }
  return new BerthError('systemd-refused', `cannot read the journal: journalctl: ${said}`);
}
