import assert from 'node:assert/strict';
import { checkGlobalPax, type PaxRecords, parsePax } from '../../../src/layer/pax.ts';
import type { Random } from '../../random.ts';
import { paxRecord } from '../../unit/layer/tar-builder.ts';
import { type FuzzKind, isRefusal } from '../kind.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { randomPax } from '../mutate/pax-records.ts';

/** The records of an extended header, local and global. */
export const pax: FuzzKind = {
  share: 0.12,
  codes: ['layer-invalid'],

  make(random) {
    const records = Object.entries(randomPax(random)).map(([key, value]) => record(key, value, random));
    const bytes = Buffer.concat(random.chance(0.2) ? [...records, ...records] : records);
    return random.chance(0.3) ? mutateBytes(bytes, random) : bytes;
  },

  read(bytes) {
    const found = parsePax(bytes);
    for (const text of [found.path, found.linkpath, ...found.xattrs.keys()]) {
      assert.ok(text === undefined || (text !== '' && !text.includes('\0')));
    }
    for (const number of [found.size, found.uid, found.gid]) {
      assert.ok(number === undefined || (Number.isSafeInteger(number) && number >= 0));
    }
    assert.deepEqual(parsePax(written(found)), found, 'what was read is written and read another way');
    try {
      checkGlobalPax(bytes);
    } catch (error) {
      if (!isRefusal(pax, error)) throw error;
    }
  },
};

// By chance with another length than it has.
function record(key: string, value: string | Buffer, random: Random): Buffer {
  const right = paxRecord(key, typeof value === 'string' ? Buffer.from(value, 'latin1') : value);
  if (!random.chance(0.1)) return right;
  const length = random.pick([
    '0',
    '1',
    '-1',
    '5',
    '007',
    '99999999',
    '4294967296',
    '',
    `${right.length + 1}`,
  ]);
  return Buffer.concat([Buffer.from(length), right.subarray(right.indexOf(0x20))]);
}

function written({ xattrs, mtime, ...rest }: PaxRecords): Buffer {
  const records: [key: string, value: string][] = Object.entries(rest).map(([key, value]) => [
    key,
    String(value),
  ]);
  if (mtime !== undefined) records.push(['mtime', seconds(mtime)]);
  for (const [name, value] of xattrs) records.push([`SCHILY.xattr.${name}`, value]);
  return Buffer.concat(records.map(([key, value]) => paxRecord(key, Buffer.from(value, 'latin1'))));
}

function seconds(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = String(size % 1_000_000_000n).padStart(9, '0');
  return `${nanoseconds < 0n ? '-' : ''}${size / 1_000_000_000n}.${fraction}`;
}
