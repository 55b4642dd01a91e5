import { hostProgram } from './host-program.ts';
import type { UnitName } from './unit-name.ts';

const TIMEOUT = 5_000;
const LONGEST = 500;
// Enough to find where the invocation begins, unless it logged a lot: then there is no need to.
const READ = 200;
const MAX_OUTPUT = 16 * 1024 * 1024;

/** The fields of a journal entry that tell whose it is (systemd.journal-fields(7)). */
interface Entry {
  MESSAGE?: unknown;
  /** Of the process that logged. */
  _SYSTEMD_INVOCATION_ID?: string;
  /** Of the unit that systemd itself logged about. */
  INVOCATION_ID?: string;
}

/**
 * The last lines that a unit's processes logged in one invocation, or, when they logged none, those
 * that systemd logged of it. They are made harmless for a terminal. Empty when the journal cannot be
 * read: lines are a help beside an error, not a reason for another one.
 */
export async function journalLines(unit: UnitName, invocation: string, count: number): Promise<string[]> {
  if (invocation === '') return [];
  const options = { timeout: TIMEOUT, stdin: 'ignore', reject: false, maxBuffer: MAX_OUTPUT } as const;
  const journalctl = await hostProgram('journalctl').catch(() => undefined);
  if (journalctl === undefined) return [];
  const { execa } = await import('execa');
  // What was written just before the failure may still be on its way into the journal.
  await execa(journalctl, ['--sync'], options);
  const read = ['--quiet', '--no-pager', '--boot', '--all', '--output=json', `--lines=${READ}`];
  const match = [`_SYSTEMD_UNIT=${unit}`, '+', `INVOCATION_ID=${invocation}`];
  const { stdout } = await execa(journalctl, [...read, ...match], { ...options, stripFinalNewline: false });
  const lines = selectLines(parseEntries(String(stdout ?? '')), invocation);
  return lines.slice(-count).map(printable);
}

/** The messages of one invocation out of entries of its unit and of systemd about it. */
export function selectLines(entries: readonly Entry[], invocation: string): string[] {
  // journald cannot tell the invocation of a process that was gone when it looked. What systemd logged
  // when it began to start the unit shows that such a line came after that.
  const begun = entries.findIndex((entry) => entry.INVOCATION_ID === invocation);
  const known = entries.findIndex((entry) => entry._SYSTEMD_INVOCATION_ID === invocation);
  const first = Math.min(...[begun, known].filter((index) => index !== -1));
  const since = entries.slice(Number.isFinite(first) ? first : entries.length);
  const own = since.filter(
    ({ _SYSTEMD_INVOCATION_ID: id, INVOCATION_ID: about }) =>
      id === invocation || (id === undefined && about === undefined),
  );
  const chosen = own.length > 0 ? own : since.filter((entry) => entry.INVOCATION_ID === invocation);
  return chosen.map(({ MESSAGE }) => messageText(MESSAGE)).filter((line) => line !== '');
}

/** One JSON object a line; a last one that was cut off is left out. */
function parseEntries(text: string): Entry[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** The text of a field. What is not UTF-8 comes as an array of bytes; nothing comes as "". */
export function messageText(message: unknown): string {
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? Buffer.from(message as number[]).toString('utf8') : '';
}

/** A line without escape sequences, control and bidirectional characters. */
export function plainLine(line: string): string {
  return line
    .replace(/(?:\p{Cc}\[|\u009b)[0-?]*[ -/]*[@-~]/gu, '')
    .replace(/\t/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}

/** The same, and not too long. */
export function printable(line: string): string {
  const plain = plainLine(line);
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}
