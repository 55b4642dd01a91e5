import type { Random } from '../../random.ts';

const EDGES = [0, 1, 0x1f, 0x20, 0x2f, 0x7f, 0x80, 0xfe, 0xff];
const NUMBERS = [0n, 1n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 64n - 1n];

const CHANGES: ((bytes: Buffer, random: Random) => Buffer)[] = [
  flipBit,
  (bytes, random) => overwrite(bytes, random.int(bytes.length), Buffer.of(random.pick(EDGES))),
  (bytes, random) => overwrite(bytes, random.int(bytes.length), randomNumber(random)),
  (bytes, random) => bytes.subarray(0, random.int(bytes.length)),
  (bytes, random) => splice(bytes, random.int(bytes.length), randomBytes(random, 1 + random.int(20))),
  remove,
  (bytes, random) => splice(bytes, random.int(bytes.length + 1), randomRange(bytes, random)),
  (bytes, random) => overwrite(bytes, random.int(bytes.length), randomRange(bytes, random)),
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.int(1100))]),
  (bytes, random) => Buffer.concat([bytes, randomBytes(random, 1 + random.int(30))]),
];

/** The bytes with some changes that know nothing of what they mean. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let count = 1 + random.int(3); count > 0 && changed.length > 0; count -= 1) {
    changed = random.pick(CHANGES)(changed, random);
  }
  return changed;
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.int(256)));
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const at = random.int(bytes.length);
  return overwrite(bytes, at, Buffer.of((bytes[at] ?? 0) ^ (1 << random.int(8))));
}

function remove(bytes: Buffer, random: Random): Buffer {
  const from = random.int(bytes.length);
  const to = from + 1 + random.int(random.chance(0.5) ? 8 : bytes.length);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function randomRange(bytes: Buffer, random: Random): Buffer {
  const from = random.int(bytes.length);
  return bytes.subarray(from, from + 1 + random.int(bytes.length - from));
}

function randomNumber(random: Random): Buffer {
  const number = Buffer.alloc(8);
  const value = random.pick(NUMBERS);
  if (random.chance(0.5)) number.writeBigUInt64LE(value);
  else number.writeBigUInt64BE(value);
  const length = random.pick([2, 4, 8]);
  return random.chance(0.5) ? number.subarray(0, length) : number.subarray(8 - length);
}

function splice(bytes: Buffer, at: number, inserted: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
}

function overwrite(bytes: Buffer, at: number, replacement: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  replacement.copy(copy, at);
  return copy;
}
