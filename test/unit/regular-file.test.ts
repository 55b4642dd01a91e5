import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeFifo } from '../../src/linux/node.ts';
import { readRegularText } from '../../src/regular-file.ts';
import { scratch } from './layer/scratch.ts';

it('a regular file is read, through a symlink too', (test) => {
  const directory = scratch(test);
  writeFileSync(join(directory, 'file'), 'text');
  symlinkSync('file', join(directory, 'link'));
  assert.equal(readRegularText(join(directory, 'link')), 'text');
});

it('a pipe, a device and a directory are refused, and never waited for', (test) => {
  const directory = scratch(test);
  makeFifo(join(directory, 'pipe'), 0o600);
  assert.throws(() => readRegularText(join(directory, 'pipe')), {
    code: 'EINVAL',
    message: /not a regular file/,
  });
  assert.throws(() => readRegularText('/dev/zero'), { code: 'EINVAL' });
  assert.throws(() => readRegularText(directory), { code: 'EISDIR' });
});
