import type { Random } from '../../random.ts';
import { type EntryOptions, TarBuilder } from '../../unit/layer/tar-builder.ts';
import { randomLinkTarget, randomLongName, randomName, randomSymlinkTarget } from './entry-names.ts';
import { mostly } from './mostly.ts';
import { randomPax } from './pax-records.ts';

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

function addEntry(builder: TarBuilder, random: Random): void {
  const any = randomName(random);
  const name = any.length > 1 && random.chance(0.97) ? any.replace(/\/$/, '') : any;
  const options = randomOptions(random);
  if (random.chance(0.05))
    builder.gnuLong(random.pick(['L', 'K']), random.chance(0.5) ? randomLongName(random) : name);
  switch (random.int(9)) {
    case 0:
    case 1:
      builder.directory(any, options);
      break;
    case 2:
      builder.symlink(name, randomSymlinkTarget(random), options);
      break;
    case 3:
      builder.hardlink(name, randomLinkTarget(random), options);
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
