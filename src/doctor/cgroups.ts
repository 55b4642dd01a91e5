import { readFileSync, statfsSync } from 'node:fs';
import { type Check, ok, warning } from './check.ts';

const ROOT = '/sys/fs/cgroup';

/** CGROUP2_SUPER_MAGIC of linux/magic.h. */
const UNIFIED = 0x63677270;

/** What MemoryMax=, CPUQuota= and TasksMax= of a unit need. */
const NEEDED = ['cpu', 'memory', 'pids'];

/** How the kernel's control groups are mounted, and what they control. */
export const cgroupsCheck: Check = {
  name: 'cgroups',
  live: true,
  find() {
    const unified = statfsSync(ROOT).type === UNIFIED;
    const controllers = unified ? unifiedControllers() : legacyControllers();
    const missing = NEEDED.filter((name) => !controllers.includes(name));
    const mode = unified ? 'cgroup v2' : 'cgroup v1';
    if (missing.length === 0) return [ok(`${mode}, with ${controllers.join(', ')}`)];
    return [
      warning(
        `${mode} without ${missing.join(', ')}: limits of these on services have no effect`,
        'cat /proc/cgroups',
      ),
    ];
  },
};

function unifiedControllers(): string[] {
  return readFileSync(`${ROOT}/cgroup.controllers`, 'utf8').split(/\s+/).filter(Boolean);
}

/** Lines such as `4:memory:/system.slice` (cgroups(7)). */
function legacyControllers(): string[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  return lines
    .flatMap((line) => line.split(':')[1]?.split(',') ?? [])
    .filter((name) => /^[a-z_]+$/.test(name));
}
