import { shellLineToPaste } from '../systemd/shell-quote.ts';

/** A command line of berth to be pasted into a shell; only words that need quotes have them. */
export function commandLine(words: readonly string[]): string {
  return shellLineToPaste(['berth', ...words]);
}
