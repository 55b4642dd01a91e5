import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';

// cgroup v2, v1, and both beside each other, as systemd mounts them.
const HIERARCHIES = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** The processes in a unit's cgroup and below it, lowest number first; none for a unit without one. */
export function unitProcesses(controlGroup: string): number[] {
  if (controlGroup === '') return [];
  const directory = controlGroupDirectory(controlGroup);
  return directory === undefined ? [] : processesIn(directory).sort((a, b) => a - b);
}

/** The cgroup of a running unit where it is where most are; undefined where only systemd can tell. */
export function usualControlGroup(unit: string): string | undefined {
  const usual = `/system.slice/${unit}`;
  return controlGroupDirectory(usual) === undefined ? undefined : usual;
}

/** Where a cgroup is among the files; undefined for one that is not there. */
export function controlGroupDirectory(controlGroup: string): string | undefined {
  return HIERARCHIES.map((hierarchy) => join(hierarchy, controlGroup)).find((path) =>
    existsSync(join(path, 'cgroup.procs')),
  );
}

function processesIn(directory: string): number[] {
  try {
    const own = readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...below.flatMap(({ name }) => processesIn(join(directory, name)))];
  } catch (error) {
    // A cgroup ends with its last process.
    if (isErrno(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}
