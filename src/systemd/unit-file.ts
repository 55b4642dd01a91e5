import { BerthError } from '../errors.ts';

/** One assignment, in the order of the file. `line` counts from 1 and is where its key stands. */
export interface UnitEntry {
  section: string;
  key: string;
  value: string;
  line: number;
}

/** A unit file as systemd reads it (systemd.syntax(7)). */
export class UnitFile {
  readonly entries: readonly UnitEntry[];

  constructor(entries: readonly UnitEntry[]) {
    this.entries = entries;
  }

  /** The value that counts for a key that takes one: the last. Undefined when it never stands there. */
  get(section: string, key: string): string | undefined {
    return this.#assigned(section, key).at(-1);
  }

  /** The values of a key that takes a list: those after the last empty assignment, which resets it. */
  all(section: string, key: string): string[] {
    const values = this.#assigned(section, key);
    return values.slice(values.lastIndexOf('') + 1);
  }

  /** The values of a key whose lines are lists of words, such as After=. */
  words(section: string, key: string): string[] {
    return this.all(section, key).flatMap((value) => value.split(/[ \t\n\r]+/).filter((word) => word !== ''));
  }

  /** Names of the sections, each once, in the order of the file. */
  get sections(): string[] {
    return [...new Set(this.entries.map((entry) => entry.section))];
  }

  #assigned(section: string, key: string): string[] {
    return this.entries
      .filter((entry) => entry.section === section && entry.key === key)
      .map((entry) => entry.value);
  }
}

// systemd's LONG_LINE_MAX; a longer line makes it refuse the file.
const MAX_LINE = 1024 * 1024;

/**
 * Reads a unit file as systemd does, but throws `unit-invalid` with the line's number where systemd
 * would only warn and go on: a line without "=", an assignment before any section, a NUL. With
 * `onProblem` it goes on, too: for files that are not berth's to judge.
 *
 * `name` is for the message. Comments are not kept.
 */
export function parseUnitFile(
  text: string,
  name: string,
  onProblem: (problem: BerthError) => void = (problem) => {
    throw problem;
  },
): UnitFile {
  const entries: UnitEntry[] = [];
  let section: string | undefined;
  for (const logical of logicalLines(text)) {
    const read = readLine(logical.text);
    if (read === undefined) continue;
    if ('section' in read) section = read.section;
    else if ('key' in read && section !== undefined) entries.push({ section, ...read, line: logical.line });
    else {
      const what = 'problem' in read ? read.problem : 'an assignment before the first section';
      // What follows a section that cannot be read belongs to none.
      if ('header' in read) section = undefined;
      onProblem(new BerthError('unit-invalid', `broken unit file: ${name}:${logical.line}: ${what}`));
    }
  }
  return new UnitFile(entries);
}

type Line = { section: string } | { key: string; value: string } | { problem: string; header?: true };

/** What one logical line says; undefined for an empty one. */
function readLine(text: string): Line | undefined {
  if (text.includes('\0')) return { problem: 'a NUL character' };
  if (text.length > MAX_LINE) return { problem: 'the line is too long' };
  const content = trim(text);
  if (content === '') return undefined;
  if (content.startsWith('[')) {
    const section = /^\[([^\p{Cc}\]]+)\]$/u.exec(content)?.[1];
    return section === undefined ? { problem: 'a section is "[Name]"', header: true } : { section };
  }
  const equals = content.indexOf('=');
  if (equals === -1) return { problem: 'missing "="' };
  const key = trim(content.slice(0, equals));
  if (key === '') return { problem: 'missing key before "="' };
  return { key, value: trim(content.slice(equals + 1)) };
}

/** Lines without comments, those that end in a backslash joined with the next by a space. */
function* logicalLines(text: string): Generator<{ text: string; line: number }> {
  let parts: string[] = [];
  let first = 0;
  const physical = text.replace(/^\uFEFF/, '').split(/\r\n|\n\r|\n|\r/);
  for (const [index, line] of physical.entries()) {
    // A comment does not end a continued line: systemd drops it and reads on.
    if (/^[ \t]*[#;]/.test(line)) continue;
    if (parts.length === 0) first = index + 1;
    if (endsInBackslash(line)) {
      parts.push(line.slice(0, -1));
      continue;
    }
    yield { text: [...parts, line].join(' '), line: first };
    parts = [];
  }
  if (parts.length > 0) yield { text: [...parts, ''].join(' '), line: first };
}

/** The text of a unit file. Throws `unit-invalid` for a value that would read back as something else. */
export function printUnitFile(file: UnitFile): string {
  let section: string | undefined;
  let text = '';
  for (const entry of file.entries) {
    if (entry.section !== section) {
      text += `${section === undefined ? '' : '\n'}[${entry.section}]\n`;
      section = entry.section;
    }
    if (/[\0\r\n]/.test(entry.value) || endsInBackslash(entry.value) || trim(entry.value) !== entry.value) {
      throw new BerthError('unit-invalid', `not the value of one line: ${entry.key}=`);
    }
    text += `${entry.key}=${entry.value}\n`;
  }
  return text;
}

/** A backslash that is not itself escaped joins the next line. */
function endsInBackslash(line: string): boolean {
  let start = line.length;
  while (line[start - 1] === '\\') start -= 1;
  return (line.length - start) % 2 === 1;
}

// systemd's WHITESPACE; String.prototype.trim would also take no-break spaces, which belong to the
// value. A loop, because a regular expression that looks for blanks at the end takes quadratic time.
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n';
}
