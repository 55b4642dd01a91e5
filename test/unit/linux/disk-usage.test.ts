import assert from 'node:assert/strict';
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { execa } from 'execa';
import { directoryBytes, diskBytes } from '../../../src/linux/disk-usage.ts';
import { scratch } from '../layer/scratch.ts';

it('a tree takes on its disk what du says', async (test) => {
  const directory = scratch(test);
  mkdirSync(join(directory, 'a/b'), { recursive: true });
  writeFileSync(join(directory, 'a/file'), 'x'.repeat(100_000));
  symlinkSync('/usr', join(directory, 'a/link'));
  const du = async () =>
    Number((await execa('du', ['-s', '--block-size=1', directory])).stdout.split('\t')[0]);
  assert.equal(diskBytes(directory), await du());
  assert.equal(diskBytes(directory) - directoryBytes(directory), diskBytes(join(directory, 'a/file')));
  linkSync(join(directory, 'a/file'), join(directory, 'a/b/file'));
  assert.equal(
    diskBytes(directory, ({ nlink }) => nlink === 1),
    0,
  );
});

it('what is not there takes nothing', (test) => {
  assert.deepEqual([diskBytes(join(scratch(test), 'x')), directoryBytes(join(scratch(test), 'x'))], [0, 0]);
});

it('what goes while it is looked at takes nothing', (test) => {
  const directory = join(scratch(test), 'run');
  mkdirSync(join(directory, 'rootfs'), { recursive: true });
  const remove = () => {
    rmSync(directory, { recursive: true, force: true });
    return false;
  };
  assert.equal(diskBytes(directory, remove), 0);
});
