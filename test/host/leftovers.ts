import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { STATE } from './holder.ts';

/** Where systemd-nspawn takes mounts into a running machine from. */
const PROPAGATE = '/run/systemd/nspawn/propagate';

/** Files, mounts, loop devices, cgroups and processes of this machine that carry a host's name. */
export async function leftovers(name: string): Promise<string[]> {
  const [mounts, loops, cgroups, processes] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    execa('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE']),
    // Fails where a cgroup of another host goes while this looks.
    execa('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', name], { reject: false }),
    processesNaming(name),
  ]);
  return [
    ...[join(STATE, name), join(PROPAGATE, name)]
      .filter((path) => existsSync(path))
      .map((path) => `directory ${path}`),
    ...linesWith(mounts, name).map((line) => `mount ${line}`),
    ...linesWith(loops.stdout, name).map((line) => `loop device ${line}`),
    ...linesWith(cgroups.stdout, name).map((line) => `cgroup ${line}`),
    ...processes.map((line) => `process ${line}`),
  ];
}

function linesWith(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.includes(name));
}

/** By command line or by cgroup: what runs in the host names it only in the latter. */
async function processesNaming(name: string): Promise<string[]> {
  const found = await Promise.all(
    (await readdir('/proc'))
      .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
      .map(async (pid) => {
        // A process may end while this reads.
        const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
        const command = (await read('cmdline')).replaceAll('\0', ' ').trim();
        if (command === '') {
          return ''; // Dead, and only its parent has not looked yet; or a thread of the kernel.
        }
        return `${command}${await read('cgroup')}`.includes(name) ? `${pid} ${command}` : '';
      }),
  );
  return found.filter((line) => line !== '');
}
