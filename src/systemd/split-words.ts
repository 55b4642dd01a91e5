import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';

const LETTERS: Record<string, string> = {
  '\\': '\\',
  '"': '"',
  "'": "'",
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
};

// In turn: white space, an escape, a quote, and what stands for itself.
const TOKEN = /[ \t\n\r]+|\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([0-7]{3})|(.)|$)|["']|[^ \t\n\r\\"']+/gs;

/**
 * The words of a value as systemd splits it (systemd.syntax(7), "Quoting"): quotes may begin anywhere, and
 * backslashes escape as in C. Throws `unit-invalid` for a quote that does not end, or an escape that is none.
 */
export function splitWords(value: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let open = '';
  for (const [token, hex, unicode, octal, escaped] of value.matchAll(TOKEN)) {
    if (open === '' && /^[ \t\n\r]/.test(token)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (token.startsWith('\\')) {
      const code =
        octal === undefined ? Number.parseInt(hex ?? unicode ?? '', 16) : Number.parseInt(octal, 8);
      const letter = Number.isNaN(code) ? LETTERS[escaped ?? ''] : String.fromCharCode(code);
      if (letter === undefined) throw invalid(value, `not an escape: ${quote(token)}`);
      word = (word ?? '') + letter;
    } else if (token === open) {
      open = '';
    } else if (open === '' && /^["']$/.test(token)) {
      open = token;
      word ??= '';
    } else {
      word = (word ?? '') + token;
    }
  }
  if (open !== '') throw invalid(value, `the quote ${open} does not end`);
  return word === undefined ? words : [...words, word];
}

function invalid(value: string, cause: string): BerthError {
  return new BerthError('unit-invalid', `cannot read: ${quote(value)}: ${cause}`);
}
