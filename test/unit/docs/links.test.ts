import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT, readPage, readPages } from './pages.ts';

test('every relative link leads to a file, and to a heading of it', () => {
  const broken = readPages().flatMap(({ file, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, path = '', heading]) => !leads(path === '' ? file : join(dirname(file), path), heading))
      .map(([link]) => `${file}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

function leads(file: string, heading: string | undefined): boolean {
  if (heading === undefined) return existsSync(join(ROOT, file));
  return existsSync(join(ROOT, file)) && headings(file).includes(heading);
}

/** As they are linked to: lower case, without punctuation, "-" for spaces. */
function headings(file: string): string[] {
  return [...readPage(file).text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
