import assert from 'node:assert/strict';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasReader } from '../../../src/linux/has-reader.ts';
import { makeFifo } from '../../../src/linux/node.ts';
import { scratch } from '../layer/scratch.ts';

test('a pipe has a reader until the last one has closed it', (context) => {
  const path = join(scratch(context), 'pipe');
  makeFifo(path, 0o600);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, 'w');
  context.after(() => closeSync(writer));
  assert.equal(hasReader(writer), true);
  closeSync(reader);
  assert.equal(hasReader(writer), false);
});

test('what is written to a file can always be read', (context) => {
  const path = join(scratch(context), 'file');
  writeFileSync(path, '');
  const descriptor = openSync(path, 'w');
  context.after(() => closeSync(descriptor));
  assert.equal(hasReader(descriptor), true);
});
