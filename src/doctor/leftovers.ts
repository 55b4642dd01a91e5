import { join } from 'node:path';
import { Journal } from '../deployment/apply/journal.ts';
import { goneMounts } from '../deployment/mounts/free-mounts.ts';
import { listServices } from '../deployment/record.ts';
import { isErrno } from '../errors.ts';
import { listDirectory } from '../linux/list-directory.ts';
import { tryReaderLock } from '../linux/lock.ts';
import { readMountTable } from '../linux/mount-table.ts';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import { containerId } from '../service-name.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { serviceUnit } from '../systemd/unit-name.ts';
import { type Check, type Finding, findingsOf, orElse, type Patient, problem } from './check.ts';

/** What a command that was killed, or a program removed by hand, may have left. */
export const leftoversCheck: Check = {
  name: 'leftovers',
  live: false,
  async find(patient) {
    const { paths } = patient;
    const looks = [
      () => unfinished(paths),
      () => unitsWithoutDeployments(paths),
      ...(paths.root === '/' ? [() => mounts(paths), () => containers(patient)] : []),
    ];
    return orElse((await Promise.all(looks.map(findingsOf))).flat(), 'none');
  },
};

/** What a writer has under way is no leftover. */
function unfinished(paths: Paths): Finding[] {
  const lock = tryReaderLock(paths.lock);
  if (lock === 'busy') return [];
  try {
    const entry = new Journal(paths).read();
    const staged = listDirectory(join(paths.store, 'staging'));
    return [
      ...(entry === undefined
        ? []
        : [problem(`a change was interrupted: ${entry.plan.title}`, 'berth recover')]),
      ...(staged.length === 0
        ? []
        : [problem(`staged, and never put in place: ${paths.store}/staging`, 'berth recover')]),
      ...goneMounts(paths).map((place) => problem(`mounted no longer: ${place}`, 'berth recover')),
    ];
  } finally {
    lock?.release();
  }
}

function unitsWithoutDeployments(paths: Paths): Finding[] {
  const { deployments } = paths.installed;
  const services = new Set<string>(listServices(paths));
  return listDirectory(paths.units)
    .filter((file) => file.endsWith('.service'))
    .flatMap((file) => {
      const name = namedBundle(readIfFile(join(paths.units, file)), deployments);
      if (name === undefined || services.has(name)) return [];
      const path = join(paths.units, file);
      return [
        problem(
          `a unit of a service that is not installed: ${path}`,
          `rm ${path} && systemctl daemon-reload`,
        ),
      ];
    });
}

function mounts({ deployments, store }: Paths): Finding[] {
  return readMountTable()
    .map(({ mountPoint }) => mountPoint)
    .filter((point) => [`${deployments}/`, `${store}/staging/`].some((place) => point.startsWith(place)))
    .map((point) => problem(`something is mounted where only files should be: ${point}`, `umount ${point}`));
}

/** Containers of services that do not run, in the state of runc and crun. */
async function containers({ paths, systemd }: Patient): Promise<Finding[]> {
  const left = [
    ...listDirectory('/run/runc').map((id) => ['runc', id, `/run/runc/${id}/state.json`] as const),
    ...listDirectory('/run/crun').map((id) => ['crun', id, `/run/crun/${id}/status`] as const),
  ].filter(([, , file]) => namedBundle(readIfFile(file), paths.deployments) !== undefined);
  const running = left.length === 0 ? [] : await runningContainers(paths, systemd);
  return left
    .filter(([, id]) => !running.includes(id))
    .map(([runtime, id]) =>
      problem(`a container of a service that does not run: ${id}`, `${runtime} delete --force ${id}`),
    );
}

async function runningContainers(paths: Paths, systemd: Systemd): Promise<string[]> {
  const names = listServices(paths);
  const states = await systemd.summaries(names.map(serviceUnit));
  return names
    .filter((_, index) => !/^(?:inactive|failed)?$/.test(states[index]?.activeState ?? ''))
    .map(containerId);
}

/** The service whose deployment a text names. */
function namedBundle(text: string, deployments: string): string | undefined {
  const begin = text.indexOf(`${deployments}/`);
  if (begin === -1) return undefined;
  return /^[^/"\s]+/.exec(text.slice(begin + deployments.length + 1))?.[0];
}

/** Empty for what is gone by now, and for what is no file. */
function readIfFile(path: string): string {
  try {
    return readRegularText(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EINVAL')) return '';
    throw error;
  }
}
