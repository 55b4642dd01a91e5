import { existsSync, linkSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mountPoint } from '../linux/file-system.ts';
import { getXattr, setXattr } from '../linux/xattr.ts';
import { findLack } from '../store/space.ts';
import { type Check, type Finding, findingsOf, ok, problem, unseen } from './check.ts';

/** Of a kind that file systems keep where they keep the capabilities of programs. */
const XATTR = 'trusted.berth';

/** The file system that images and deployments are on: what it can do, and what room it has. */
export const stateCheck: Check = {
  name: 'state',
  live: false,
  async find({ paths }) {
    const directory = nearest(paths.state);
    return [space(directory), ...(await findingsOf(() => features(directory)))];
  },
};

function space(directory: string): Finding {
  const place = mountPoint(directory);
  const found = statfsSync(place);
  const lack = findLack(found, { bytes: 0, inodes: 0 });
  if (lack !== undefined) return problem(`${place} is full: ${lack}`, 'berth prune --all');
  const inodes = found.files === 0 ? '' : `, ${found.ffree} inodes`;
  return ok(`${((found.bavail * found.bsize) / 1e9).toFixed(1)} GB${inodes} free on ${place}`);
}

function features(directory: string): Finding[] {
  if (process.getuid?.() !== 0) return [unseen(`whether files can be written was not tried: ${directory}`)];
  const trial = mkdtempSync(join(directory, '.berth-doctor-'));
  try {
    const file = join(trial, 'file');
    writeFileSync(file, '');
    linkSync(file, join(trial, 'link'));
    setXattr(file, XATTR, Buffer.from('1'));
    if (getXattr(file, XATTR) === undefined) throw new Error(`it lost an extended attribute: ${directory}`);
    return [ok(`hard links and extended attributes work in ${directory}`)];
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}

/** The directory itself, or the one that it would be made in. */
function nearest(directory: string): string {
  return existsSync(directory) ? directory : nearest(dirname(directory));
}
