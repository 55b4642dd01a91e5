import { quoteShellWord } from '../systemd/shell-quote.ts';

/** A command line of berth to be pasted into a shell; only words that need quotes have them. */
export function commandLine(words: readonly string[]): string {
  return ['berth', ...words]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteShellWord(word)))
    .join(' ');
}
