import { constants, zstdCompressSync } from 'node:zlib';
import type { Random } from '../../random.ts';
import { compareWithProgram, readAll } from '../codec.ts';
import type { FuzzKind } from '../kind.ts';
import { mutateBytes, randomBytes } from '../mutate/bytes.ts';
import { randomPlain } from '../mutate/plain.ts';

const MAGIC = Buffer.from('28b52ffd', 'hex');
const RAW = 0;
const RLE = 1;

/** Streams of zstd frames, skippable ones among them. */
export const zstd: FuzzKind = {
  share: 0.1,
  codes: ['layer-invalid', 'limit-exceeded'],

  make(random) {
    const frames = Array.from({ length: 1 + random.int(4) }, () => frame(random));
    const stream = Buffer.concat(frames);
    return random.chance(0.6) ? mutateBytes(stream, random) : stream;
  },

  async read(bytes) {
    await readAll('zstd', bytes);
  },

  compare: (bytes) => compareWithProgram('zstd', bytes, 'zstd'),
};

function frame(random: Random): Buffer {
  switch (random.int(4)) {
    case 0:
      return skippable(random);
    case 1:
      return handMade(random);
    default: {
      const params = {
        [constants.ZSTD_c_compressionLevel]: random.pick([-5, 1, 3, 9]),
        [constants.ZSTD_c_checksumFlag]: random.int(2),
        [constants.ZSTD_c_contentSizeFlag]: random.int(2),
        [constants.ZSTD_c_windowLog]: random.pick([0, 10, 17, 23]),
      };
      return zstdCompressSync(randomPlain(random), { params });
    }
  }
}

// RFC 8878, 3.1.2; by chance longer than what is there.
function skippable(random: Random): Buffer {
  const content = random.chance(0.3)
    ? zstdCompressSync(Buffer.from('skipped'))
    : randomBytes(random, random.int(50));
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + random.int(16));
  head.writeUInt32LE(
    random.chance(0.9) ? content.length : random.pick([0xffffffff, content.length + 1, 1 << 20]),
    4,
  );
  return Buffer.concat([head, content]);
}

// RFC 8878, 3.1.1: any descriptor, any window, and blocks that are stored or repeat a byte.
function handMade(random: Random): Buffer {
  const descriptor = random.pick([
    0x00, 0x20, 0x24, 0x04, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0, 0x01, 0x03, 0x23, 0x08, 0x10, 0xff,
  ]);
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [Number(single), 2, 4, 8][descriptor >> 6] ?? 0;
  const blocks = Array.from({ length: random.int(4) }, (_, index) => ({
    type: index % 2 ? RLE : RAW,
    length: random.int(300),
  }));
  const total = blocks.reduce((sum, { length }) => sum + length, 0);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(
    random.chance(0.8)
      ? BigInt(Math.max(0, total - (sizeBytes === 2 ? 256 : 0)))
      : random.pick([0n, 1n << 32n, 2n ** 64n - 1n]),
  );
  return Buffer.concat([
    MAGIC,
    Buffer.of(descriptor),
    ...(single ? [] : [Buffer.of(random.chance(0.7) ? random.int(0x70) : random.int(256))]),
    Buffer.alloc([0, 1, 2, 4][descriptor & 3] ?? 0, random.int(2)),
    size.subarray(0, sizeBytes),
    ...blocks.flatMap(({ type, length }) => [
      blockHeader(type, length, false),
      randomBytes(random, type === RLE ? 1 : length),
    ]),
    blockHeader(random.chance(0.9) ? RAW : random.int(4), random.chance(0.9) ? 0 : random.int(1 << 21), true),
    ...(descriptor & 4 ? [randomBytes(random, 4)] : []),
  ]);
}

function blockHeader(type: number, length: number, last: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((length << 3) | (type << 1) | Number(last), 0, 3);
  return header;
}
