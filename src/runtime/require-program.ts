import { lstatSync } from 'node:fs';
import { posix, relative } from 'node:path';
import { BerthError } from '../errors.ts';
import { followPath } from '../follow-path.ts';
import { quote } from '../reference/quote.ts';
import { isCovered } from './mount-points.ts';
import type { OciConfig } from './oci-config.ts';

type Lack = 'program-not-found' | 'program-not-executable';

/** Where a program is to run: in a container, which need not run, as its config.json has it. */
export interface ProgramPlace extends Pick<OciConfig, 'mounts'>, Pick<OciConfig['process'], 'cwd' | 'env'> {
  rootfs: string;
}

/**
 * Refuses a program that a container has not, before a runtime does so in words of its own and with a status of
 * its own. `owner` is what a person calls the container. Throws `program-not-found` and `program-not-executable`.
 */
export function requireProgram(program: string, place: ProgramPlace, owner: string): void {
  const code = findLack(program, place);
  if (code === undefined) return;
  const missing = program.includes('/') ? 'no such file in it' : 'in no directory of its PATH';
  const cause = code === 'program-not-found' ? missing : 'not an executable file of it';
  throw new BerthError(code, `cannot run ${quote(program)}: ${owner}: ${cause}`, {
    hint: `look at its files in /mnt: berth mount ${owner} /mnt`,
  });
}

/**
 * What keeps a program from being run in a container, as runtimes look for it: a name without "/" in PATH.
 * What is mounted is not looked at: undefined for what may be there, as for a program that can be run.
 */
export function findLack(program: string, place: ProgramPlace): Lack | undefined {
  const { rootfs, cwd, env = [], mounts = [] } = place;
  const mounted = mounts.map(({ destination }) => followPath(rootfs, destination).inside);
  const lackOf = (path: string) => lackAt(posix.isAbsolute(path) ? path : `${cwd}/${path}`, rootfs, mounted);
  if (program.includes('/')) return lackOf(program);
  const path = env.findLast((variable) => variable.startsWith('PATH='))?.slice('PATH='.length);
  // Each runtime has an idea of its own where to look then.
  if (path === undefined) return undefined;
  const isFound = path.split(':').some((directory) => lackOf(`${directory || '.'}/${program}`) === undefined);
  return isFound ? undefined : 'program-not-found';
}

function lackAt(path: string, rootfs: string, mounted: readonly string[]): Lack | undefined {
  const links: string[] = [];
  const found = followPath(rootfs, path, (link) => links.push(`/${relative(rootfs, link)}`));
  if ([found.inside, ...links].some((place) => isCovered(place, mounted))) return undefined;
  switch (found.type) {
    case 'file':
      return (lstatSync(found.path).mode & 0o111) === 0 ? 'program-not-executable' : undefined;
    case 'directory':
    case 'other':
      return 'program-not-executable';
    default:
      return 'program-not-found';
  }
}
