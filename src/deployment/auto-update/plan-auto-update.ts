import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../paths.ts';
import { compareInstalled } from '../compare-installed.ts';
import { freeName } from '../free-name.ts';
import { hashFile } from '../hash-file.ts';
import { refuseOccupied } from '../plan/occupied.ts';
import type { FileStep, Plan, Step } from '../plan/plan.ts';
import type { InstalledFile } from '../record.ts';
import { SERVICE, TIMER } from './render-units.ts';

export interface AutoUpdateHost {
  paths: Paths;
  /** An empty directory on the disk of /var/lib/berth, for what is to be put in place. */
  staging: string;
  warn(text: string): void;
}

/**
 * Installs the units of the automatic update and enables its timer, or brings them up to date. A copy below
 * /var/lib/berth tells later whether a person has changed them: then they stay as they are.
 */
export function planEnable(units: ReadonlyMap<string, string>, host: AutoUpdateHost): Plan {
  const { paths, staging } = host;
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  const copies = paths.installed.autoUpdate;
  const files = [...units].flatMap(([name, text]): Step[] => {
    const source = join(staging, name);
    writeFileSync(source, text, { mode: 0o600 });
    const content = createHash('sha256').update(text).digest('hex');
    const file = { kind: 'file', source, mode: 0o644, uid: 0, gid: 0, content } as const;
    return [
      ...bring({ ...file, path: paths.installed.unit(name) }, installedUnit(name, paths), host),
      ...bring({ ...file, path: join(copies, name) }, installedCopy(name, paths), host),
    ];
  });
  refuseOccupied(files, paths);
  const directory = { kind: 'directory', path: copies, mode: 0o700, uid: 0, gid: 0 } as const;
  return {
    title: 'auto-update enable',
    interrupted: 'undo',
    steps: [
      { kind: 'reload', on: 'undo' },
      ...(existsSync(paths.autoUpdate) ? [] : [directory]),
      ...files,
      { kind: 'enable', units: [TIMER] },
      { kind: 'reload', on: 'run' },
      { kind: 'start', unit: TIMER },
    ],
  };
}

/** Takes the units away again; undefined when they are not there. */
export function planDisable(
  { active, enabled }: { active: boolean; enabled: boolean },
  paths: Paths,
): Plan | undefined {
  const names = [TIMER, SERVICE];
  const units = names.flatMap((name) => leave(installedUnit(name, paths), paths));
  const copies = names.flatMap((name) => leave(installedCopy(name, paths), paths));
  if (units.length + copies.length === 0) return undefined;
  return {
    title: 'auto-update disable',
    interrupted: 'redo',
    steps: [
      { kind: 'stop', unit: TIMER, active },
      { kind: 'reload', on: 'undo' },
      { kind: 'disable', units: [TIMER], enabled: enabled ? [TIMER] : [] },
      ...units,
      ...copies,
      { kind: 'remove-directory', path: paths.installed.autoUpdate },
      { kind: 'reload', on: 'run' },
    ],
  };
}

function bring(by: FileStep, before: InstalledFile | undefined, { paths, warn }: AutoUpdateHost): Step[] {
  if (before === undefined) return [by];
  switch (compareInstalled(paths.locate(by.path), before)) {
    case 'absent':
      return [by];
    case 'changed':
      warn(`kept, because it was changed: ${by.path}`);
      return [];
    case 'unchanged':
      return before.content === by.content ? [] : [{ kind: 'replace', before, by }];
  }
}

function leave(file: InstalledFile | undefined, paths: Paths): Step[] {
  if (file === undefined) return [];
  const { path } = file;
  switch (compareInstalled(paths.locate(path), file)) {
    case 'absent':
      return [];
    case 'changed':
      return [{ kind: 'save', path, to: freeName(`${path}.berthsave`, paths) }];
    case 'unchanged':
      return [{ kind: 'remove', file }];
  }
}

/** A unit as it was installed; undefined when it was not. */
function installedUnit(name: string, paths: Paths): InstalledFile | undefined {
  const copy = installedCopy(name, paths);
  return copy === undefined ? undefined : { ...copy, path: paths.installed.unit(name) };
}

function installedCopy(name: string, paths: Paths): InstalledFile | undefined {
  const file = join(paths.autoUpdate, name);
  if (!existsSync(file)) return undefined;
  return { path: join(paths.installed.autoUpdate, name), type: 'file', content: hashFile(file) };
}
