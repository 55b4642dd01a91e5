import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A page for people. */
export interface Page {
  /** Its path in the repository. */
  file: string;
  text: string;
}

/** README.md and all of docs. */
export function readPages(): Page[] {
  return ['README.md', ...globSync('docs/*.md', { cwd: ROOT })].map(readPage);
}

export function readPage(file: string): Page {
  return { file, text: readFileSync(join(ROOT, file), 'utf8') };
}

/** What stands between fences without a language: commands, and what they print. */
export function plainBlocks({ text }: Page): string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, language]) => language === '')
    .map(([, , block = '']) => block);
}
