import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { controlGroupDirectory } from './unit-processes.ts';

/**
 * Has the kernel ready to move processes between cgroups, as systemd moves each one that it starts: the first
 * move after a while waits for all processors, some 10 ms, and those that follow it soon do not. What is about to
 * be restarted is therefore away for less long. Only speed depends on it: nothing is moved, no error is thrown
 * where the kernel does not allow it.
 */
export function hastenMoves(): void {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  const directory = own === undefined ? undefined : controlGroupDirectory(own);
  if (directory === undefined) return;
  const list = join(directory, 'cgroup.procs');
  try {
    // A move to where this process is already; the path may be that of another cgroup in this mount of them.
    if (readFileSync(list, 'utf8').split('\n').includes(String(process.pid))) {
      writeFileSync(list, '0', { flag: 'r+' });
    }
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EOPNOTSUPP', 'ENOENT', 'ENODEV')) throw error;
  }
}
