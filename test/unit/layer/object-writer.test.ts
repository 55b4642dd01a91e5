import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ObjectWriter } from '../../../src/layer/object-writer.ts';
import { inspectObject, type Metadata, type StoredFile } from '../../../src/store/object.ts';
import { scratch } from './scratch.ts';

const METADATA: Metadata = { uid: 0, gid: 0, mode: 0o755, mtime: 1_234_567_890n, xattrs: [] };
const CONTENT = Buffer.from('content of a file');

function write(directory: string, thread: string): StoredFile {
  const writer = new ObjectWriter(join(directory, 'objects'), join(directory, thread));
  writer.begin(METADATA, CONTENT.length);
  writer.write(CONTENT);
  return writer.finish();
}

function placeOf(directory: string, { key }: StoredFile): string {
  return join(directory, 'objects', key.slice(0, 2), key.slice(2));
}

test('a file that two layers have is written once', (context) => {
  const directory = scratch(context);
  const first = write(directory, 'one');
  const { ino } = statSync(placeOf(directory, first));
  assert.deepEqual(write(directory, 'other'), first);
  assert.equal(statSync(placeOf(directory, first)).ino, ino);
});

test('a file that another thread is still writing is whole at once', (context) => {
  const { key } = write(scratch(context), 'one');
  const directory = scratch(context);
  mkdirSync(join(directory, 'objects', key.slice(0, 2)), { recursive: true });
  writeFileSync(join(directory, 'objects', key.slice(0, 2), key.slice(2)), 'cont');
  const file = write(directory, 'other');
  assert.equal(file.key, key);
  assert.equal(inspectObject(placeOf(directory, file)), key);
});
