import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Paths } from '../../paths.ts';
import { listServices, readCurrentRecord } from '../record.ts';

/** Whose a file on the host is: a service of berth, or a package of the host; undefined for nobody's. */
export function findOwner(path: string, paths: Paths): string | undefined {
  const service = listServices(paths).find((name) =>
    readCurrentRecord(paths, name)?.files.some((file) => file.path === path),
  );
  if (service !== undefined) return `the service ${service}`;
  const owner = askDpkg(path, paths) ?? askRpm(path, paths);
  return owner === undefined ? undefined : `the package ${owner}`;
}

function askDpkg(path: string, paths: Paths): string | undefined {
  const database = paths.follow('/var/lib/dpkg');
  for (const name of namesOf(path)) {
    const answer = ask('/usr/bin/dpkg-query', [`--admindir=${database}`, '--search', name]);
    // Several packages may share a directory, and a diversion is no package.
    const line = answer
      ?.split('\n')
      .find((text) => text.endsWith(`: ${name}`) && !text.startsWith('diversion '));
    if (line !== undefined) return line.slice(0, -`: ${name}`.length);
  }
  return undefined;
}

function askRpm(path: string, paths: Paths): string | undefined {
  // Not --root: rpm would change its root directory, and with it the programs that it may run.
  const database = paths.root === '/' ? [] : ['--dbpath', paths.follow('/var/lib/rpm')];
  return ask('/usr/bin/rpm', [...database, '--query', '--file', '--queryformat', '%{NAME}\\n', path])
    ?.split('\n')
    .find((line) => line !== '');
}

/** Debian's database has the names from before /bin and /lib became symlinks, for some packages. */
function namesOf(path: string): string[] {
  return /^\/usr\/(?:bin|sbin|lib\w*)\//.test(path) ? [path, path.slice('/usr'.length)] : [path];
}

/** What a program of the host answers; undefined when it is not there or does not know. */
function ask(program: string, args: string[]): string | undefined {
  if (!existsSync(program)) return undefined;
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { LC_ALL: 'C' },
    cwd: '/',
  });
  return status === 0 ? stdout : undefined;
}
