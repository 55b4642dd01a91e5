import { lstat } from 'node:fs/promises';
import { basename, dirname, isAbsolute } from 'node:path';
import { BerthError } from '../errors.ts';
import { followPath } from '../follow-path.ts';
import type { Paths } from '../paths.ts';
import { refuseUnsafe } from './refuse-unsafe.ts';

/** An OCI runtime of the host (OCI runtime spec; runc's command line). */
export interface Runtime {
  /** As the installed system names it, for units. */
  path: string;
  /** Of its file: `runc`, `crun`. */
  name: string;
}

const DIRECTORIES = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/bin', '/sbin'];
const KNOWN = ['runc', 'crun'];

/**
 * Finds the runtime: an absolute path, a name, or else runc and then crun. Units name it, and systemd
 * runs it as root at every boot: it must belong to root, and nobody else may be able to change it.
 * Throws `runtime-missing` or `runtime-unsafe`.
 */
export async function findRuntime(paths: Paths, wanted?: string): Promise<Runtime> {
  for (const path of candidates(wanted)) {
    const links: string[] = [];
    const found = followPath(paths.root, path, (link) => links.push(link));
    if (found.type !== 'file') continue;
    const { mode } = await lstat(found.path);
    if ((mode & 0o111) === 0) continue;
    // Units name the path as it is, so whoever can point a symlink on it elsewhere chooses what root runs.
    // CVE-2019-5736 showed what a runtime that others can write is worth.
    for (const place of [...links.map(dirname), found.path])
      await refuseUnsafe(place, paths.root, 'runtime-unsafe');
    if (paths.root === '/') await refuseOther(path);
    return { path, name: basename(path) };
  }
  const below = paths.root === '/' ? '' : ` below ${paths.root}`;
  throw new BerthError(
    'runtime-missing',
    `no OCI runtime: ${wanted ?? KNOWN.join(' or ')}: not found${below}`,
    {
      hint: 'apt install runc || dnf install runc',
    },
  );
}

function candidates(wanted?: string): string[] {
  if (wanted === undefined) return KNOWN.flatMap(search);
  if (isAbsolute(wanted)) return [wanted];
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(wanted)) {
    throw new BerthError(
      'usage',
      `not a runtime: ${JSON.stringify(wanted)}: neither a name nor an absolute path`,
    );
  }
  return search(wanted);
}

function search(name: string): string[] {
  return DIRECTORIES.map((directory) => `${directory}/${name}`);
}

/** Every OCI runtime tells its version, and of which specification it is (OCI runtime command line interface). */
async function refuseOther(path: string): Promise<void> {
  const options = { stdin: 'ignore', reject: false, timeout: 10_000, cwd: '/' } as const;
  const { execa } = await import('execa');
  const { failed, stdout } = await execa(path, ['--version'], options);
  if (!failed && /\bspecs?\b|^\S+ version /m.test(stdout)) return;
  throw new BerthError('runtime-missing', `no OCI runtime: ${path}: --version does not answer as one does`, {
    hint: '--runtime runc',
  });
}
