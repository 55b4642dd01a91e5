import type { Paths } from '../../paths.ts';
import { compareInstalled } from '../compare-installed.ts';
import { freeName } from '../free-name.ts';
import type { DeploymentRecord, InstalledFile } from '../record.ts';
import type { Plan, Step } from './plan.ts';
import type { PurgedState } from './purged-state.ts';

/** A service that goes, with what systemd says of its units now. */
export interface LeavingService {
  record: DeploymentRecord;
  active: string[];
  enabled: string[];
  /** Files that other instances of the service still need. */
  shared: string[];
  /** What goes beside what is gone without a word; null: what the service keeps stays. */
  purged: PurgedState | null;
}

/**
 * Takes services off the host as one change: what berth put there goes, what a person changed is
 * kept beside its place as `.berthsave`, state directories stay. `stopping`: the
 * units of others that stop with them.
 */
export function planUninstall(leaving: LeavingService[], paths: Paths, stopping: readonly string[]): Plan {
  const units = leaving.flatMap(({ record }) => record.units);
  const steps: Step[] = [
    // systemd would stop them, too: this way they are shown, and start again when this is undone.
    ...stopping.map((unit): Step => ({ kind: 'stop', unit, active: true })),
    ...leaving.flatMap(({ record, active }) =>
      // The sockets first: a connection would start the service again.
      record.units.toReversed().map((unit): Step => ({ kind: 'stop', unit, active: active.includes(unit) })),
    ),
    ...(units.length > 0 ? [{ kind: 'reload', on: 'undo' } as const] : []),
    ...leaving
      .filter(({ record }) => record.units.length > 0)
      .map(({ record, enabled }): Step => ({ kind: 'disable', units: record.units, enabled })),
    ...leaving.flatMap(({ record }) => planCleaning(record, paths)),
    ...planRemovals(leaving, paths),
    ...(units.length > 0 ? [{ kind: 'reload', on: 'run' } as const] : []),
    ...leaving.map(({ record }): Step => ({ kind: 'retire', service: record.service })),
    // Last, because it cannot be undone.
    ...leaving.flatMap(({ purged }) => planPurge(purged)),
  ];
  return {
    title: `uninstall ${leaving.map(({ record }) => record.service).join(' ')}`,
    interrupted: 'redo',
    steps,
  };
}

function planPurge(purged: PurgedState | null): Step[] {
  if (purged === null) return [];
  return [
    ...purged.state.map((path): Step => ({ kind: 'purge', path })),
    ...purged.parents.map((path): Step => ({ kind: 'remove-directory', path })),
  ];
}

function planCleaning(record: DeploymentRecord, paths: Paths): Step[] {
  const own = paths.installed.tmpfiles(record.service);
  return record.files
    .filter(({ path }) => path === own)
    .map(({ path }): Step => ({ kind: 'tmpfiles-remove', path }));
}

function planRemovals(leaving: LeavingService[], paths: Paths): Step[] {
  // Of two instances that go, only one can remove what they share.
  const done = new Set<string>();
  const first = (path: string) => !done.has(path) && done.add(path);
  return leaving.flatMap(({ record: { files, beside, directories }, shared, purged }) => [
    ...(purged?.dropIns ?? []).map((file): Step => ({ kind: 'remove', file })),
    ...beside
      .filter((file) => compareInstalled(paths.locate(file.path), file) === 'unchanged')
      .map(({ path, type, content }): Step => ({ kind: 'remove', file: { path, type, content } })),
    ...files
      .toReversed()
      .filter(({ path }) => !shared.includes(path) && first(path))
      .flatMap((file) => planRemoval(file, paths)),
    ...[...new Set([...directories.toReversed(), ...(purged?.dropInDirectories ?? [])])].map(
      (path): Step => ({ kind: 'remove-directory', path }),
    ),
  ]);
}

function planRemoval(file: InstalledFile, paths: Paths): Step[] {
  switch (compareInstalled(paths.locate(file.path), file)) {
    case 'unchanged':
      return [{ kind: 'remove', file }];
    case 'changed':
      return [{ kind: 'save', path: file.path, to: freeName(`${file.path}.berthsave`, paths) }];
    case 'absent':
      return [];
  }
}
