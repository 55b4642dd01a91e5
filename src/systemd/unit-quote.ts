import { BerthError } from '../errors.ts';

/**
 * One word of a command line in a unit (systemd.service(5), "Command lines"): quoted where it must
 * be, and with "%" and "$" doubled so that systemd puts neither specifiers nor variables into it.
 * Throws `unit-invalid` for a NUL.
 */
export function quoteExecWord(word: string): string {
  return quoteUnitWord(word).replaceAll('$', '$$$$');
}

/** A command line for ExecStart= and its like. Throws `unit-invalid` unless the program's path is absolute. */
export function quoteExecLine(argv: readonly string[]): string {
  const program = argv[0];
  // A relative program would be looked up, and the characters "@-:+!" before a path mean something else.
  if (program === undefined || !program.startsWith('/')) {
    throw new BerthError('unit-invalid', `not the absolute path of a program: ${JSON.stringify(program)}`);
  }
  return argv.map(quoteExecWord).join(' ');
}

/** One word of any directive or tmpfiles.d line that takes quoted words and specifiers. Throws `unit-invalid` for a NUL. */
export function quoteUnitWord(word: string): string {
  if (word.includes('\0')) {
    throw new BerthError('unit-invalid', `a NUL character in a word: ${JSON.stringify(word)}`);
  }
  const doubled = word.replaceAll('%', '%%');
  if (/^[A-Za-z0-9_@%+=:,./$-]+$/.test(doubled)) return doubled;
  const escaped = doubled
    .replace(/[\\"]/g, (character) => `\\${character}`)
    .replace(/\p{Cc}/gu, (character) => [...Buffer.from(character)].map(hexEscape).join(''));
  return `"${escaped}"`;
}

/**
 * Free text, such as Description=, on one line: control characters and runs of white space become
 * one space, "%" is doubled, and no backslash at the end can join the next line. Cut at 200 characters.
 */
export function unitText(text: string): string {
  const line = text
    .replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200)
    .toWellFormed();
  return line.replace(/[\\\s]+$/, '').replaceAll('%', '%%');
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
