import type { Paths } from '../paths.ts';
import { runHostProgram } from './host-program.ts';
import { rootOption } from './tmpfiles.ts';

/** Makes the users and groups of one sysusers.d file (sysusers.d(5)). `file` is the path to open now. Throws `systemd-refused`. */
export async function runSysusers(paths: Paths, file: string): Promise<void> {
  const args = [...rootOption(paths), file];
  await runHostProgram('systemd-sysusers', args, `cannot apply ${paths.inside(file)}`);
}
