import { existsSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { timeToRecord } from '../source-date.ts';
import { readStoredConfig } from '../store/image-parts.ts';
import { Store } from '../store/store.ts';
import { type ApplyOptions, apply } from './apply/apply.ts';
import { UnitTrouble } from './apply/unit-trouble.ts';
import { recheckForeignRootfs } from './foreign-rootfs.ts';
import {
  contentOf,
  deploymentId,
  isSameContent,
  isSameDeployment,
  previousDeployment,
  readHistory,
} from './history.ts';
import { keptDeployments } from './kept-deployments.ts';
import { notInstalled } from './not-installed.ts';
import { healthChecks } from './plan/health-checks.ts';
import { type Plan, SETTLING } from './plan/plan.ts';
import { type PreparedSwitch, prepareSwitch, type Successor, type SwitchHost } from './plan/switch.ts';
import { type DeploymentRecord, readCurrentRecord } from './record.ts';

/**
 * The change that makes kept deployments live again: `to`, or what was live before. Undefined when there
 * is nothing to change. Throws `service-not-found`, `rootfs-invalid`, and what `prepareSwitch` throws.
 */
export async function prepareRollback(
  names: readonly ServiceName[],
  to: number | undefined,
  host: SwitchHost,
): Promise<PreparedSwitch | undefined> {
  const successors = names.flatMap((name) => findSuccessor(name, to, host));
  for (const { record } of successors) {
    if (record.rootfs !== undefined) await recheckForeignRootfs(record.rootfs, host.paths);
  }
  if (successors.length === 0) return undefined;
  const title = `roll back ${successors.map(({ record }) => record.service).join(' ')}`;
  return await prepareSwitch(successors, host, { title, soak: SETTLING, keepStarted: false });
}

function findSuccessor(name: ServiceName, to: number | undefined, { paths }: SwitchHost): Successor[] {
  const before = readCurrentRecord(paths, name);
  if (before === undefined) throw notInstalled(name, paths);
  const kept = keptDeployments(paths, name);
  const record =
    to === undefined
      ? previousDeployment(readHistory(paths, name), kept, before)
      : // The vendor's number may have become that of one of the host's own.
        kept.findLast(({ number }) => number === to);
  if (record === undefined) {
    const wanted = to === undefined ? 'no other deployment is kept' : `deployment ${to} is not kept`;
    throw new BerthError('service-not-found', `cannot roll back: ${name}: ${wanted}`, {
      hint: `berth history ${name}`,
    });
  }
  return isSameDeployment(record, before) ? [] : [successorOf(before, record, paths)];
}

/** What makes a kept deployment live again. */
export function successorOf(before: DeploymentRecord, record: DeploymentRecord, paths: Paths): Successor {
  const side = paths.sideOf(record);
  const at = timeToRecord(paths);
  const left = contentOf(before);
  return {
    before,
    record,
    directory: side.deployment(record.service, record.number),
    files: record.files,
    directories: missingDirectories(record, paths),
    staged: null,
    tag: null,
    absent: [],
    event: { at, what: 'rollback', ...deploymentId(record) },
    // What a person went back from must not come again by night.
    refused: isSameContent(left, contentOf(record))
      ? null
      : { ...left, at, why: 'a person went back from it' },
    health: healthChecks(record, readStoredConfig(new Store(side.store), record.image.configDigest)),
    drop: [],
    retire: false,
  };
}

function missingDirectories({ directories }: DeploymentRecord, paths: Paths): Successor['directories'] {
  return directories
    .filter((path) => !existsSync(paths.follow(path)))
    .map((path) => ({ kind: 'directory', path, mode: 0o755, uid: 0, gid: 0 }));
}

/** Makes it live. Where it does not come up, all is as it was before. Throws `unit-failed`, and what `apply` throws. */
export async function applyRollback(plan: Plan, session: ApplyOptions): Promise<void> {
  try {
    await apply(plan, session);
  } catch (error) {
    if (!(error instanceof UnitTrouble)) throw error;
    throw new BerthError('unit-failed', `cannot ${plan.title}: ${error.message}\nall is as it was before`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
