import { posix } from 'node:path';
import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import type { OciConfig } from './oci-config.ts';
import type { Lack, Look } from './program-lack.ts';

/** Bytes. No program gets a variable that is longer (execve(2), MAX_ARG_STRLEN). */
const LONGEST_VARIABLE = 128 * 1024;

/** Where a program is to run. */
export interface ProgramPlace extends Pick<OciConfig['process'], 'cwd' | 'env'> {
  look: Look;
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

/** As runtimes look for it: a name without "/" in the directories of PATH, in which it has to be executable. */
function findLack(program: string, { cwd, env = [], look }: ProgramPlace): Lack | undefined {
  const lookFrom = (path: string) => look(posix.isAbsolute(path) ? path : `${cwd}/${path}`);
  if (program.includes('/')) return lookFrom(program);
  const path = env.findLast((variable) => variable.startsWith('PATH='))?.slice('PATH='.length);
  // Each runtime has an idea of its own where to look then.
  if (path === undefined || path.length > LONGEST_VARIABLE) return undefined;
  const isFound = path
    .split(':')
    .some((directory) => lookFrom(`${directory || '.'}/${program}`) === undefined);
  return isFound ? undefined : 'program-not-found';
}
