import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';

/**
 * A word of a command in a POSIX shell's script: between single quotes nothing has a meaning but the
 * single quote itself (POSIX.1, Shell Command Language, 2.2.2). Throws `unit-invalid` for a NUL, which
 * no argument can carry.
 */
export function quoteShellWord(word: string): string {
  if (word.includes('\0')) throw new BerthError('unit-invalid', `a NUL character in a word: ${quote(word)}`);
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line of such words. */
export function quoteShellLine(argv: readonly string[]): string {
  return argv.map(quoteShellWord).join(' ');
}

/** The same for people to read: only words that need quotes have them. */
export function shellLineToPaste(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteShellWord(word))).join(' ');
}
