import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ErrorCode, exitStatus } from '../../../src/errors.ts';
import { plainBlocks, ROOT, readPage } from './pages.ts';

const PAGE = readPage('docs/troubleshooting.md').text;
const ENTRIES = PAGE.split(/^##+ /m).flatMap((text) => {
  const [, code] = /^`(.*)`\n/.exec(text) ?? [];
  return code === undefined ? [] : [{ code, text: text.slice(code.length + 3) }];
});
// Types are gone when the tests run.
const CODES = [...readPage('src/errors.ts').text.matchAll(/^ {2}\| '(.*)'/gm)].map(([, code = '']) => code);

describe('docs/troubleshooting.md', () => {
  it('has one entry for every code of an error', () => {
    assert.ok(CODES.length > 50);
    assert.deepEqual(ENTRIES.map(({ code }) => code).sort(), CODES.toSorted());
  });

  it('says the exit status where it is not 1', () => {
    for (const { code, text } of ENTRIES) {
      const status = exitStatus(code as ErrorCode);
      assert.equal(/exit status (\d+)/.exec(text)?.[1], status === 1 ? undefined : `${status}`, code);
    }
  });

  it('names a command that leads out of every one', () => {
    const without = ENTRIES.filter(({ code, text }) => plainBlocks({ file: code, text }).length === 0);
    assert.deepEqual(without, []);
  });

  it('tells messages by words that berth says', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    const told = ENTRIES.flatMap(({ text }) => {
      const [said = ''] = /^(?:Reads|Says) [^.]*\./.exec(text.replaceAll('\n', ' ')) ?? [];
      return [...said.matchAll(/`([a-z][^`]*)`/g)].map(([, words = '']) => words);
    });
    assert.ok(told.length > 100);
    const unknown = told.filter((words) => !sources.some((source) => source.includes(words)));
    assert.deepEqual(unknown, []);
  });
});
