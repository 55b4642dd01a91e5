import type { Random } from '../../random.ts';
import { mostly } from './mostly.ts';

// Few names, so that entries meet each other and those of the layer below; text is latin1 and stands for bytes.
const NAMES = [
  ...'a b d/ d/a d/e/ d/e/f d ./a ./ . /a d//e/./f new/ new/x new/y z dev/ proc/ sys/ etc/passwd ... d/...'.split(
    ' ',
  ),
  ...'up/x out/x out/file out/ out abs/x abs abs/.wh.file to-d/x to-d/ to-file'.split(' '),
  ...'.wh.a d/.wh.e d/.wh..wh..opq .wh..wh..opq .wh.d .wh.out out/.wh.file up/.wh.canary to-d/.wh.a'.split(
    ' ',
  ),
  ...'.wh..wh.plnk/x out/.wh..wh..opq __proto__ constructor/__proto__'.split(' '),
  ...['caf\xe9', '\xff\xfe', 'new\nline', 'back\\slash', 'a b -> c', '\x1b[31m', 'd/\x01'],
];

const LONG_NAMES = [
  'n'.repeat(100),
  'n'.repeat(255),
  'n'.repeat(256),
  'd/'.repeat(130),
  `${'e'.repeat(99)}/`.repeat(31),
];

const BAD_NAMES = [
  ...'.. ../canary/file ../x d/../../canary/file /proc/self/cwd/canary/file d/.. / loop/x a/ a/b'.split(' '),
  ...'.wh.. .wh... .wh. d/.wh.../x .wh.d/x .wh..wh.aufs dev/null dev proc sys'.split(' '),
  ...LONG_NAMES,
];

const TARGETS = 'a d/a b /a ./d/e/f d/second to-d new/x p null to-file out'.split(' ');

const BAD_TARGETS = [
  ...'.. ../canary ../canary/file ../../../../canary d/../../canary/file . / loop d missing'.split(' '),
  ...'/proc/self/cwd/canary /proc/self/cwd/canary/file ../../../../../../../../proc/self/cwd/canary'.split(
    ' ',
  ),
  ...['t'.repeat(100), 'x/'.repeat(60), 'caf\xe9', 'new\nline', ''],
];

/** The name of an entry, one that many entries have. */
export function randomName(random: Random): string {
  return mostly(NAMES, BAD_NAMES, random);
}

/** A name that no header has room for. */
export function randomLongName(random: Random): string {
  return random.pick(LONG_NAMES);
}

/** What a hard link may lead to. */
export function randomLinkTarget(random: Random): string {
  return mostly(TARGETS, BAD_TARGETS, random);
}

/** What a symlink may lead to: anything. */
export function randomSymlinkTarget(random: Random): string {
  return random.pick(random.chance(0.5) ? TARGETS : BAD_TARGETS);
}
