import type { Random } from '../../random.ts';
import { seal, TarBuilder } from '../../unit/layer/tar-builder.ts';
import { randomBytes } from './bytes.ts';
import { randomName } from './entry-names.ts';
import { randomPax } from './pax-records.ts';

const BLOCK = 512;

/** The numbers of a header: where they stand and how long they are. */
const FIELDS = [
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [329, 8],
  [337, 8],
] as const;
const MAGICS = ['ustar\x0000', 'ustar  \0', 'ustar\x00\0\0', 'ustar 00', '\0'.repeat(8), 'ustar\x0001'];
const TYPEFLAGS = '\x0001234567xgLKSMNVDAXZ?'.split('');

/**
 * An archive with some of its members changed, moved, doubled or taken out, or with further headers
 * before them; every header that was changed has a right checksum again.
 */
export function mutateMembers(archive: Buffer, random: Random): Buffer {
  const members = split(archive);
  for (let count = 1 + random.int(3); count > 0 && members.length > 0; count -= 1) change(members, random);
  return Buffer.concat(members);
}

// A header with the content that its size announces, as far as there is any.
function split(archive: Buffer): Buffer[] {
  const members: Buffer[] = [];
  for (let at = 0; at < archive.length; ) {
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0;
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    members.push(Buffer.from(archive.subarray(at, end)));
    at = end;
  }
  return members;
}

function change(members: Buffer[], random: Random): void {
  const at = random.int(members.length);
  const member = members[at] ?? Buffer.alloc(0);
  const to = random.int(members.length + 1);
  switch (random.int(9)) {
    case 0:
      members.splice(at, 1);
      break;
    case 1:
      members.splice(to, 0, Buffer.from(member));
      break;
    case 2:
      members.splice(at, 1);
      members.splice(to, 0, member);
      break;
    case 3:
      members.splice(
        to,
        0,
        random.pick([Buffer.alloc(BLOCK), Buffer.alloc(2 * BLOCK), randomBytes(random, BLOCK)]),
      );
      break;
    case 4:
      members.splice(to, 0, new TarBuilder().pax(randomPax(random), random.pick(['x', 'x', 'g'])).bytes());
      break;
    case 5:
      members.splice(to, 0, new TarBuilder().gnuLong(random.pick(['L', 'K']), randomName(random)).bytes());
      break;
    default:
      changeHeader(member, random);
  }
}

function changeHeader(member: Buffer, random: Random): void {
  if (member.length < BLOCK) return;
  switch (random.int(5)) {
    case 0:
      member.write(random.pick(TYPEFLAGS), 156, 'latin1');
      break;
    case 1:
      member.write(random.pick(MAGICS), 257, 'latin1');
      break;
    case 2:
      member.fill(0, 0, 100).write(randomName(random), 0, 100, 'latin1');
      break;
    default: {
      const [start, length] = random.pick(FIELDS);
      randomField(random, length).copy(member, start);
    }
  }
  seal(member);
}

function randomField(random: Random, length: number): Buffer {
  const digits = length - 1;
  const text = (value: string) => Buffer.from(value.padEnd(length, '\0').slice(0, length), 'latin1');
  switch (random.int(8)) {
    case 0:
      return text('7'.repeat(digits));
    case 1:
      // Without an end.
      return text('7'.repeat(length));
    case 2:
      return text(random.pick(['', ' ', ' 7 ', '-1', '0x10', '8', '7 9', '\x007', '+5', '  755  ']));
    case 3:
      return Buffer.alloc(length, 0xff);
    case 4:
      return Buffer.concat([Buffer.of(0x80), randomBytes(random, digits)]);
    case 5:
      // base-256, small, of either sign.
      return Buffer.concat([
        Buffer.of(random.pick([0x80, 0xff])),
        Buffer.alloc(digits - 1, random.pick([0, 0xff])),
        randomBytes(random, 1),
      ]);
    default:
      return text(random.int(3000).toString(8).padStart(digits, '0'));
  }
}
