import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS as LIMITS } from '../../../src/image/limits.ts';
import { placeEntry } from '../../../src/layer/entry-path.ts';

const taken: [name: string, place: ReturnType<typeof placeEntry>][] = [
  ['./', { kind: 'entry', path: '' }],
  ['/', { kind: 'entry', path: '' }],
  ['/etc/passwd', { kind: 'entry', path: 'etc/passwd' }],
  ['.//a/./b//', { kind: 'entry', path: 'a/b' }],
  ['a/...', { kind: 'entry', path: 'a/...' }],
  ['a\\..\\b', { kind: 'entry', path: 'a\\..\\b' }],
  ['\xff\n', { kind: 'entry', path: '\xff\n' }],
  ['a/.wh.b', { kind: 'whiteout', path: 'a/b' }],
  ['.wh.b', { kind: 'whiteout', path: 'b' }],
  ['a/.wh..b', { kind: 'whiteout', path: 'a/.b' }],
  ['a/.wh....', { kind: 'whiteout', path: 'a/...' }],
  ['a/.wh..wh..opq', { kind: 'opaque', path: 'a' }],
  ['.wh..wh..opq', { kind: 'opaque', path: '' }],
  ['.wh..wh.aufs', { kind: 'ignored' }],
  ['.wh..wh.plnk/12.34', { kind: 'ignored' }],
  ['a.wh.b', { kind: 'entry', path: 'a.wh.b' }],
];

for (const [name, place] of taken) {
  test(`the name ${JSON.stringify(name)}`, () => assert.deepEqual(placeEntry(name, LIMITS), place));
}

const refused = [
  '',
  '..',
  '../x',
  'a/../../x',
  'a/..',
  '/..',
  '.wh.',
  'a/.wh..',
  '.wh...',
  '.wh.a/b',
  'x'.repeat(256),
];

for (const name of refused) {
  test(`refused: the name ${JSON.stringify(name)}`, () => {
    assert.throws(() => placeEntry(name, LIMITS), { code: 'layer-unsafe' });
  });
}

test('length and depth of a path are limited by name', () => {
  const limited = (name: string, limit: RegExp) =>
    assert.throws(() => placeEntry(name, LIMITS), { code: 'limit-exceeded', message: limit });
  limited('abc/'.repeat(751), /limits\.pathBytes/);
  limited('a/'.repeat(129), /limits\.depth/);
});
