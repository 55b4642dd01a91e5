import { crc32, gzipSync } from 'node:zlib';
import type { Random } from '../../random.ts';
import { compareWithProgram, readAll } from '../codec.ts';
import type { FuzzKind } from '../kind.ts';
import { mutateBytes, randomBytes } from '../mutate/bytes.ts';
import { randomPlain } from '../mutate/plain.ts';

const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;

/** Streams of gzip members. */
export const gzip: FuzzKind = {
  share: 0.1,
  codes: ['layer-invalid'],

  make(random) {
    const members = Array.from({ length: 1 + random.int(3) }, () => member(random));
    const stream = Buffer.concat(members);
    return random.chance(0.6) ? mutateBytes(stream, random) : stream;
  },

  async read(bytes) {
    await readAll('gzip', bytes);
  },

  compare: (bytes) => compareWithProgram('gzip', bytes, 'gzip'),
};

// RFC 1952, 2.3: a header with every field there is, then the data and the trailer of a plain member.
function member(random: Random): Buffer {
  const content = randomPlain(random);
  const plain = gzipSync(content, {
    level: random.int(10),
    strategy: random.int(5),
    memLevel: 1 + random.int(9),
  });
  if (random.chance(0.5)) return plain;
  const flags = random.pick([
    0,
    FHCRC,
    FEXTRA,
    FNAME,
    FCOMMENT,
    FHCRC | FEXTRA | FNAME | FCOMMENT,
    0x20,
    0xff,
  ]);
  const extra = randomBytes(random, random.int(40));
  const extraLength = Buffer.of(random.chance(0.8) ? extra.length : 0xff, random.chance(0.8) ? 0 : 0xff);
  const header = Buffer.concat([
    Buffer.of(0x1f, 0x8b, random.chance(0.95) ? 8 : 7, flags, 0, 0, 0, 0, 0, 3),
    ...(flags & FEXTRA ? [extraLength, extra] : []),
    ...(flags & FNAME ? [Buffer.from('../name\0')] : []),
    ...(flags & FCOMMENT ? [Buffer.from('comment\0')] : []),
  ]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE((crc32(header) & 0xffff) ^ Number(random.chance(0.1)));
  return Buffer.concat([header, ...(flags & FHCRC ? [sum] : []), plain.subarray(10)]);
}
