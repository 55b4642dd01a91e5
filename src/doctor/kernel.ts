import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { runJailed } from '../deployment/template/sandbox-jail.ts';
import { type Check, type Finding, findingsOf, ok, problem, unseen, warning } from './check.ts';

/** What containers, and the sandbox of templates, are put into (namespaces(7)). */
const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'];

/** What the first line of whatever runs in the sandbox must be. */
const GREETING = "process.stdout.write('berth-sandbox\\n');";

/** Features of the kernel, tried where that is possible. */
export const kernelCheck: Check = {
  name: 'kernel',
  live: true,
  async find() {
    return [namespaces(), seccomp(), overlay(), ...(await findingsOf(sandbox))];
  },
};

function namespaces(): Finding {
  const missing = NAMESPACES.filter((name) => !existsSync(`/proc/self/ns/${name}`));
  if (missing.length === 0) return ok(`Linux ${release()} has all namespaces that containers need`);
  return problem(`the kernel has no namespaces for ${missing.join(', ')}`, 'boot a kernel that has them');
}

function seccomp(): Finding {
  if (existsSync('/proc/sys/kernel/seccomp/actions_avail'))
    return ok('the kernel filters system calls (seccomp)');
  return problem('the kernel has no seccomp filters', 'boot a kernel with CONFIG_SECCOMP_FILTER');
}

function overlay(): Finding {
  if (/\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return ok('overlay file systems');
  const list = `/lib/modules/${release()}/modules.`;
  const known = ['dep', 'builtin'].some(
    (name) => existsSync(list + name) && /\/overlay\.ko/.test(readFileSync(list + name, 'utf8')),
  );
  if (known) return ok('overlay file systems, by a module that is not loaded yet');
  return warning('the kernel has no overlay file systems, which some images ask for', 'modprobe overlay');
}

async function sandbox(): Promise<Finding[]> {
  if (process.getuid?.() !== 0) return [unseen('the sandbox of templates was not tried')];
  await runJailed(GREETING, 'a trial');
  return [ok('the sandbox of templates works')];
}
