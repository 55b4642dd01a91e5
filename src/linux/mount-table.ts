import { readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { listDirectory } from './list-directory.ts';

/** A line of /proc/PID/mountinfo (proc(5)). */
export interface MountEntry {
  /** What of the file system is seen, as a path in it. */
  root: string;
  mountPoint: string;
  type: string;
  source: string;
}

/** The mount namespace of this process (mount_namespaces(7)). */
export function mountNamespace(): string {
  return readlinkSync('/proc/self/ns/mnt');
}

/** What is mounted, in the order in which it was. */
export function readMountTable(): MountEntry[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The same in any namespace; nothing where no process is in it any more. */
export function readMountTableOf(namespace: string): MountEntry[] {
  const processes = ['self', ...listDirectory('/proc').filter((name) => /^\d+$/.test(name))];
  for (const process of processes) {
    try {
      if (readlinkSync(`/proc/${process}/ns/mnt`) !== namespace) continue;
      return parseMountTable(readFileSync(`/proc/${process}/mountinfo`, 'utf8'));
    } catch (error) {
      // It ended meanwhile, or may not be looked at.
      if (!isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM')) throw error;
    }
  }
  return [];
}

/** The entries of a text as /proc/PID/mountinfo has it. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [own = '', filesystem = ''] = line.split(' - ');
    const [, , , root, mountPoint] = own.split(' ').map(decode);
    const [type = '', source = ''] = filesystem.split(' ').map(decode);
    return root === undefined || mountPoint === undefined ? [] : [{ root, mountPoint, type, source }];
  });
}

/** Space, tab, line break and backslash are written in octal. */
function decode(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
