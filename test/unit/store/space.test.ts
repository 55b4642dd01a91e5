import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLack } from '../../../src/store/space.ts';

const MIB = 1 << 20;
const disk = { bsize: 4096, blocks: 25_600, bavail: 12_800, files: 10_000, ffree: 5000 };

test('what fits beside a reserve is let through, what does not is named with need and free space', () => {
  assert.equal(findLack(disk, { bytes: 48 * MIB - 4096, inodes: 4800 }), undefined);
  assert.equal(
    findLack(disk, { bytes: 49 * MIB, inodes: 1 }),
    'needs at least 49.0 MiB and a reserve of 2.0 MiB, 50.0 MiB are free',
  );
  assert.equal(
    findLack(disk, { bytes: 1, inodes: 4801 }),
    'needs at least 4801 inodes and a reserve of 200, 5000 are free',
  );
});

test('of a large disk only so much is kept back', () => {
  const large = { ...disk, blocks: 2 ** 30, bavail: 2 ** 20, files: 2 ** 28, ffree: 2 ** 20 };
  assert.equal(findLack(large, { bytes: (4096 - 64) * MIB, inodes: 2 ** 20 - 4096 }), undefined);
  assert.match(findLack(large, { bytes: (4096 - 63) * MIB, inodes: 1 }) ?? '', /reserve of 64\.0 MiB/);
});

test('a file system that makes inodes as needed has enough of them', () => {
  assert.equal(findLack({ ...disk, files: 0, ffree: 0 }, { bytes: 1, inodes: 1_000_000 }), undefined);
});
