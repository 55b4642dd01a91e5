import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  mountNamespace,
  parseMountTable,
  readMountTable,
  readMountTableOf,
} from '../../../src/linux/mount-table.ts';

describe('the table of mounts', () => {
  it('is read with optional fields or without, and names that need escapes', () => {
    const text = `21 27 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
25 27 8:1 /a\\040b /mnt/c\\012d\\134e ro - ext4 /dev/sda1 rw
`;
    assert.deepEqual(parseMountTable(text), [
      { root: '/', mountPoint: '/sys', type: 'sysfs', source: 'sysfs' },
      { root: '/a b', mountPoint: '/mnt/c\nd\\e', type: 'ext4', source: '/dev/sda1' },
    ]);
  });
  it('is that of a namespace, and empty for one in which nobody is', () => {
    assert.deepEqual(readMountTableOf(mountNamespace()), readMountTable());
    assert.deepEqual(readMountTableOf('mnt:[1]'), []);
  });
});
