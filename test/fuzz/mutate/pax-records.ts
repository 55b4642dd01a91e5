import type { Random } from '../../random.ts';
import { randomName, randomSymlinkTarget } from './entry-names.ts';
import { mostly } from './mostly.ts';

const XATTRS =
  'user.k user.k user.other security.x trusted.overlay.opaque security.selinux nodot com.apple.x'.split(' ');
const BAD_XATTRS = [
  ...'system.posix_acl_access system.posix_acl_default security.capability user.'.split(' '),
  ...[`user.${'n'.repeat(300)}`, ''],
];
const NUMBERS = '0 7 65534 4294967294 010'.split(' ');
const BAD_NUMBERS = [
  ...'-1 +1 1.5 0x10 4294967295 9007199254740991 9007199254740992 1e3 8589934592 -0'.split(' '),
  ...[' 1', '', '9'.repeat(20)],
];
const TIMES = '0 -1 1.5 -1.5 1600000000.123456789123 -0.0000000001 1. 999999999999'.split(' ');
const BAD_TIMES = ['.5', '9999999999999', '1e9', 'NaN', ''];
const IGNORED = 'atime ctime comment uname hdrcharset LIBARCHIVE.x RHT.security.selinux'.split(' ');
const REFUSED = ['GNU.sparse.major', 'GNU.sparse.name', 'SCHILY.realsize', 'GNU.volume.label'];
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');
// acl(5) as the kernel keeps it: user::rw-, user:1:rwx, group::r--, mask::rwx, other::r--.
const ACL = Buffer.from(
  '0200000001000600ffffffff020007000100000004000400ffffffff10000700ffffffff20000400ffffffff',
  'hex',
);

/** PAX records, by chance with wrong values. */
export function randomPax(random: Random): Record<string, string | Buffer> {
  const records: Record<string, string | Buffer> = {};
  for (let count = 1 + random.int(3); count > 0; count -= 1) {
    const [key, value] = randomRecord(random);
    records[key] = value;
  }
  return records;
}

function randomRecord(random: Random): [key: string, value: string | Buffer] {
  switch (random.int(12)) {
    case 0:
      return ['path', randomName(random)];
    case 1:
      return ['linkpath', randomSymlinkTarget(random)];
    case 2:
      return [random.pick(['size', 'uid', 'gid']), mostly(NUMBERS, BAD_NUMBERS, random)];
    case 3:
      return ['mtime', mostly(TIMES, BAD_TIMES, random)];
    case 4:
      return [random.pick(IGNORED), mostly(TIMES, BAD_TIMES, random)];
    case 5:
      return random.chance(0.1) ? [random.pick(REFUSED), '1'] : ['comment', 'x'];
    case 6:
      return [
        'SCHILY.xattr.security.capability',
        random.chance(0.95) ? CAPABILITY : CAPABILITY.subarray(0, random.int(20)),
      ];
    default:
      return [
        `SCHILY.xattr.${mostly(XATTRS, BAD_XATTRS, random)}`,
        random.pick(['', 'v', ACL, 'a\0b\nc', 'x'.repeat(5000), '\xff']),
      ];
  }
}
