import { lstatSync } from 'node:fs';
import { tryReaderLock } from '../linux/lock.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import type { UnitReport } from '../systemd/systemd.ts';
import { Journal } from './apply/journal.ts';
import type { DeploymentRecord } from './record.ts';

/**
 * What is still to be done until a service runs as its files say: `recover`, an interrupted change of it is to be
 * ended; `reload`, systemd has not read its unit files again; `restart`, another deployment is live than the one
 * that it was started with.
 */
export type Pending = 'recover' | 'reload' | 'restart';

/** The services that an interrupted change is about. One that is under way is not interrupted. Throws `journal-damaged`. */
export function interruptedServices(paths: Paths): Set<ServiceName> {
  const lock = tryReaderLock(paths.lock);
  if (lock === 'busy') return new Set();
  try {
    const steps = new Journal(paths).read()?.plan.steps ?? [];
    return new Set(steps.flatMap((step) => (step.kind === 'current' ? [step.service] : [])));
  } finally {
    lock?.release();
  }
}

/** What is pending for a service, given what systemd says of its units. */
export function pendingOf(
  record: DeploymentRecord,
  reports: readonly UnitReport[],
  { paths, interrupted }: { paths: Paths; interrupted: ReadonlySet<ServiceName> },
): Pending[] {
  const [own] = reports;
  const switched = lstatSync(paths.sideOf(record).current(record.service), { throwIfNoEntry: false });
  const stale = own?.activeState === 'active' && (switched?.mtimeMs ?? 0) > own.stateChanged / 1000;
  return [
    ...(interrupted.has(record.service) ? (['recover'] as const) : []),
    ...(reports.some(({ needsReload }) => needsReload) ? (['reload'] as const) : []),
    ...(stale ? (['restart'] as const) : []),
  ];
}
