import type { Random } from '../../random.ts';
import { type EntryOptions, TarBuilder } from '../../unit/layer/tar-builder.ts';

// Few names, so that entries meet each other and what `LOWER` has; text is latin1 and stands for bytes.
const LONG = [
  'n'.repeat(100),
  'n'.repeat(255),
  'n'.repeat(256),
  'd/'.repeat(130),
  `${'e'.repeat(99)}/`.repeat(31),
];
const NAMES = [
  ...[
    'a',
    'b',
    'd/',
    'd/a',
    'd/e/',
    'd/e/f',
    'd',
    './a',
    './',
    '.',
    '/a',
    'd//e/./f',
    'new/',
    'new/x',
    'new/y',
    'z',
  ],
  ...[
    'up/x',
    'out/x',
    'out/file',
    'out/',
    'out',
    'abs/x',
    'abs',
    'abs/.wh.file',
    'to-d/x',
    'to-d/',
    'to-file',
  ],
  ...[
    '.wh.a',
    'd/.wh.e',
    'd/.wh..wh..opq',
    '.wh..wh..opq',
    '.wh.d',
    '.wh.out',
    'out/.wh.file',
    'up/.wh.canary',
    'to-d/.wh.a',
  ],
  ...['dev/', 'proc/', 'sys/', 'etc/passwd', '.wh..wh.plnk/x', 'out/.wh..wh..opq', '...', 'd/...'],
  ...[
    'caf\xe9',
    '\xff\xfe',
    'new\nline',
    'back\\slash',
    'a b -> c',
    '\x1b[31m',
    'd/\x01',
    '__proto__',
    'constructor/__proto__',
  ],
];
const BAD_NAMES = [
  ...[
    '..',
    '../canary/file',
    '../x',
    'd/../../canary/file',
    '/proc/self/cwd/canary/file',
    'd/..',
    '/',
    'loop/x',
    'a/',
    'a/b',
  ],
  ...[
    '.wh..',
    '.wh...',
    '.wh.',
    'd/.wh.../x',
    '.wh.d/x',
    '.wh..wh.aufs',
    'dev/null',
    'dev',
    'proc',
    'sys',
    ...LONG,
  ],
];
const TARGETS = [
  'a',
  'd/a',
  'b',
  '/a',
  './d/e/f',
  'd/second',
  'to-d',
  'new/x',
  'p',
  'null',
  'to-file',
  'out',
];
const SYMLINK_TARGETS = [
  ...[
    '..',
    '../canary',
    '../canary/file',
    '../../../../canary',
    'd/../../canary/file',
    '.',
    '/',
    'loop',
    'd',
    'missing',
  ],
  ...['/proc/self/cwd/canary', '/proc/self/cwd/canary/file', '../../../../../../../../proc/self/cwd/canary'],
  ...['t'.repeat(100), 'x/'.repeat(60), 'caf\xe9', 'new\nline', ''],
];
const XATTRS = [
  'user.k',
  'user.k',
  'user.other',
  'security.x',
  'trusted.overlay.opaque',
  'security.selinux',
  'nodot',
  'com.apple.x',
];
const BAD_XATTRS = [
  'system.posix_acl_access',
  'system.posix_acl_default',
  'security.capability',
  'user.',
  `user.${'n'.repeat(300)}`,
  '',
];
const NUMBERS = ['0', '7', '65534', '4294967294', '010'];
const BAD_NUMBERS = [
  '-1',
  '+1',
  '1.5',
  ' 1',
  '0x10',
  '4294967295',
  '9007199254740991',
  '9007199254740992',
  '1e3',
  '',
  '8589934592',
  '-0',
  '9'.repeat(20),
];
const TIMES = ['0', '-1', '1.5', '-1.5', '1600000000.123456789123', '-0.0000000001', '1.', '999999999999'];
const BAD_TIMES = ['.5', '9999999999999', '1e9', 'NaN', ''];
const REFUSED = ['GNU.sparse.major', 'GNU.sparse.name', 'SCHILY.realsize', 'GNU.volume.label'];
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');
// acl(5) as the kernel keeps it: user::rw-, user:1:rwx, group::r--, mask::rwx, other::r--.
const ACL = Buffer.from(
  '0200000001000600ffffffff020007000100000004000400ffffffff10000700ffffffff20000400ffffffff',
  'hex',
);
const DEVICES = [0, 1, 3, 255, 4095];
const BAD_DEVICES = [4096, 1_048_575, 1_048_576, 2_097_151];
const IDS = [1, 65_534, 2 ** 31, 2 ** 32 - 2];
const BAD_IDS = [2 ** 32 - 1, -1];

/** The layer below: a little of everything, and symlinks that lead out. Its own entries are right. */
export const LOWER = new TarBuilder()
  .directory('d/')
  .file('a', 'content of a')
  .file('d/a', 'content of d/a', { mode: 0o4755, uid: 1, gid: 2, pax: { 'SCHILY.xattr.user.k': 'v' } })
  .hardlink('d/second', 'a')
  .directory('d/e/', { mode: 0o1777 })
  .file('d/e/f', '')
  .symlink('up', '..')
  .symlink('out', '../canary')
  .symlink('abs', '/proc/self/cwd/canary')
  .symlink('to-d', 'd')
  .symlink('to-file', '../canary/file')
  .symlink('loop', 'loop2')
  .symlink('loop2', 'loop')
  .fifo('p')
  .device('character', 'null', 1, 3)
  .end();

/** An archive of some entries, whose headers are all well formed. What they ask for may be anything. */
export function randomArchive(random: Random): Buffer {
  const builder = new TarBuilder();
  for (let count = random.int(12); count > 0; count -= 1) addEntry(builder, random);
  return random.chance(0.9) ? builder.end() : builder.bytes();
}

/** The name of an entry, by chance one that many entries have. */
export function randomName(random: Random): string {
  return mostly(NAMES, BAD_NAMES, random);
}

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
      return ['linkpath', random.pick(SYMLINK_TARGETS)];
    case 2:
      return [random.pick(['size', 'uid', 'gid']), mostly(NUMBERS, BAD_NUMBERS, random)];
    case 3:
      return ['mtime', mostly(TIMES, BAD_TIMES, random)];
    case 4:
      return [
        random.pick([
          'atime',
          'ctime',
          'comment',
          'uname',
          'hdrcharset',
          'LIBARCHIVE.x',
          'RHT.security.selinux',
        ]),
        mostly(TIMES, BAD_TIMES, random),
      ];
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

function mostly<Item>(right: readonly Item[], wrong: readonly Item[], random: Random): Item {
  return random.pick(random.chance(0.04) ? wrong : right);
}

function addEntry(builder: TarBuilder, random: Random): void {
  const any = randomName(random);
  const name = any.length > 1 && random.chance(0.97) ? any.replace(/\/$/, '') : any;
  const options = randomOptions(random);
  if (random.chance(0.05))
    builder.gnuLong(random.pick(['L', 'K']), random.chance(0.5) ? random.pick(LONG) : name);
  switch (random.int(9)) {
    case 0:
    case 1:
      builder.directory(any, options);
      break;
    case 2:
      builder.symlink(name, random.pick([...TARGETS, ...SYMLINK_TARGETS]), options);
      break;
    case 3:
      builder.hardlink(name, mostly(TARGETS, SYMLINK_TARGETS, random), options);
      break;
    case 4:
      builder.device(
        random.pick(['character', 'block']),
        name,
        mostly(DEVICES, BAD_DEVICES, random),
        mostly(DEVICES, BAD_DEVICES, random),
      );
      break;
    case 5:
      builder.fifo(name, options);
      break;
    default:
      builder.file(name, randomContent(random), options);
  }
}

function randomContent(random: Random): string {
  const length = random.pick([0, 1, 12, 511, 512, 513, 2000, random.chance(0.02) ? 1_100_000 : 100]);
  return String.fromCharCode(97 + random.int(26)).repeat(length);
}

function randomOptions(random: Random): EntryOptions {
  const options: EntryOptions = { format: random.pick(['ustar', 'ustar', 'ustar', 'gnu', 'v7']) };
  if (random.chance(0.2)) options.pax = randomPax(random);
  if (random.chance(0.2)) options.mode = random.pick([0, 0o4755, 0o7777, 0o100644, 0o2000, 0o777]);
  if (random.chance(0.1)) options.uid = mostly(IDS, BAD_IDS, random);
  if (random.chance(0.1)) options.gid = mostly(IDS, BAD_IDS, random);
  if (random.chance(0.1)) options.mtime = mostly([0, 1, -1, 2 ** 33, -(2 ** 33), 1e12 - 1], [1e12], random);
  if (random.chance(0.01)) options.size = random.pick([0, 1, 511, 512, 513, 5000, 2 ** 33, -1]);
  if (random.chance(0.05)) options.prefix = random.pick(['d', '/', '..', 'to-d', 'p'.repeat(155)]);
  return options;
}
