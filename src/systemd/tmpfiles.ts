import type { Paths } from '../paths.ts';
import { runHostProgram } from './host-program.ts';

/** Makes what one tmpfiles.d file describes (tmpfiles.d(5)). `file` is as the installed system names it. Throws `systemd-refused`. */
export async function createTmpfiles(paths: Paths, file: string): Promise<void> {
  await run('--create', paths, file);
}

/** Removes what the R, r and D lines of one tmpfiles.d file describe; other lines are left alone. Throws `systemd-refused`. */
export async function removeTmpfiles(paths: Paths, file: string): Promise<void> {
  await run('--remove', paths, file);
}

async function run(verb: string, paths: Paths, file: string): Promise<void> {
  const args = [...rootOption(paths), verb, paths.locate(file)];
  await runHostProgram('systemd-tmpfiles', args, `cannot apply ${file}`);
}

/** systemd's programs take even "/" for another root: no NSS look-ups then. The file itself is named from outside. */
export function rootOption(paths: Paths): string[] {
  return paths.root === '/' ? [] : [`--root=${paths.root}`];
}
