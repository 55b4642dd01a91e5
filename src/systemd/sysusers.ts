import type { Paths } from '../paths.ts';
import { runHostProgram } from './host-program.ts';
import { rootOption } from './tmpfiles.ts';

/** Makes the users and groups of one sysusers.d file (sysusers.d(5)). `file` is as the installed system names it. Throws `systemd-refused`. */
export async function runSysusers(paths: Paths, file: string): Promise<void> {
  const args = [...rootOption(paths), paths.locate(file)];
  await runHostProgram('systemd-sysusers', args, `cannot apply ${file}`);
}
