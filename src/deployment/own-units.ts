import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import { compareInstalled } from './compare-installed.ts';
import { freeName } from './free-name.ts';
import { hashFile } from './hash-file.ts';
import { refuseOccupied } from './plan/occupied.ts';
import type { FileStep, Plan, Step } from './plan/plan.ts';
import type { InstalledFile } from './record.ts';

/**
 * Units that berth installs for itself. A copy of each file below /var/lib/berth tells later whether a
 * person has changed it: then it stays as it is.
 */
export interface OwnUnits {
  /** What a person calls them, such as `auto-update`; the copies are in a directory of that name. */
  name: string;
  /** The one that is enabled. */
  main: string;
  /** All files below /etc/systemd/system, drop-ins with their directory. */
  files: readonly string[];
}

/** Their content, by file. */
export type OwnUnitTexts = ReadonlyMap<string, string>;

export interface OwnUnitsHost {
  paths: Paths;
  /** An empty directory on the disk of /var/lib/berth, for what is to be put in place. */
  staging: string;
  warn(text: string): void;
}

/** The text of a file as it was installed; undefined where it was not. */
export function installedText(own: OwnUnits, file: string, paths: Paths): string | undefined {
  const copy = copyOf(own, file, paths);
  return existsSync(copy) ? readRegularText(copy) : undefined;
}

/** Installs the units, or brings them up to date, and enables the main one; a timer is started. */
export function planEnable(own: OwnUnits, texts: OwnUnitTexts, host: OwnUnitsHost): Plan {
  const { main } = own;
  return {
    title: `${own.name} enable`,
    interrupted: 'undo',
    steps: [
      { kind: 'reload', on: 'undo' },
      ...bringFiles(own, texts, host),
      { kind: 'enable', units: [main] },
      { kind: 'reload', on: 'run' },
      ...(main.endsWith('.timer') ? [{ kind: 'start', unit: main } as const] : []),
    ],
  };
}

/** Brings files of installed units up to date; undefined where they are. */
export function planRefresh(own: OwnUnits, texts: OwnUnitTexts, host: OwnUnitsHost): Plan | undefined {
  const files = bringFiles(own, texts, host);
  if (files.length === 0) return undefined;
  const steps: Step[] = [{ kind: 'reload', on: 'undo' }, ...files, { kind: 'reload', on: 'run' }];
  return { title: `${own.name} refresh`, interrupted: 'undo', steps };
}

/** Takes the units away again; undefined when they are not there. */
export function planDisable(
  own: OwnUnits,
  { active, enabled }: { active: boolean; enabled: boolean },
  paths: Paths,
): Plan | undefined {
  const { main, files } = own;
  const units = files.flatMap((file) => leave(installedUnit(own, file, paths), paths));
  const copies = files.flatMap((file) => leave(installedCopy(own, file, paths), paths));
  if (units.length + copies.length === 0) return undefined;
  const directories = [...dropInDirectories(files, paths), paths.installed.ownUnits(own.name)];
  return {
    title: `${own.name} disable`,
    interrupted: 'redo',
    steps: [
      { kind: 'stop', unit: main, active },
      { kind: 'reload', on: 'undo' },
      { kind: 'disable', units: [main], enabled: enabled ? [main] : [] },
      ...units,
      ...copies,
      ...directories.map((path): Step => ({ kind: 'remove-directory', path })),
      { kind: 'reload', on: 'run' },
    ],
  };
}

function bringFiles(own: OwnUnits, texts: OwnUnitTexts, host: OwnUnitsHost): Step[] {
  const { paths, staging } = host;
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  const files = [...texts].flatMap(([name, text]): Step[] => {
    const source = join(staging, basename(name));
    writeFileSync(source, text, { mode: 0o600 });
    const content = createHash('sha256').update(text).digest('hex');
    const file = { kind: 'file', source, mode: 0o644, uid: 0, gid: 0, content } as const;
    const copy = join(paths.installed.ownUnits(own.name), basename(name));
    return [
      ...bring({ ...file, path: paths.installed.unit(name) }, installedUnit(own, name, paths), host),
      ...bring({ ...file, path: copy }, installedCopy(own, name, paths), host),
    ];
  });
  refuseOccupied(files, paths);
  const dropIns = dropInDirectories([...texts.keys()], paths).map((path) => ({ path, mode: 0o755 }));
  const directories = [...dropIns, { path: paths.installed.ownUnits(own.name), mode: 0o700 }]
    .filter(({ path }) => !existsSync(paths.follow(path)))
    .map((directory): Step => ({ kind: 'directory', ...directory, uid: 0, gid: 0 }));
  return [...directories, ...files];
}

function dropInDirectories(files: readonly string[], paths: Paths): string[] {
  return files.filter((file) => file.includes('/')).map((file) => paths.installed.unit(dirname(file)));
}

function bring(by: FileStep, before: InstalledFile | undefined, { paths, warn }: OwnUnitsHost): Step[] {
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
export function installedUnit(own: OwnUnits, file: string, paths: Paths): InstalledFile | undefined {
  const copy = installedCopy(own, file, paths);
  return copy === undefined ? undefined : { ...copy, path: paths.installed.unit(file) };
}

function installedCopy(own: OwnUnits, file: string, paths: Paths): InstalledFile | undefined {
  const copy = copyOf(own, file, paths);
  if (!existsSync(copy)) return undefined;
  return { path: copyOf(own, file, paths.installed), type: 'file', content: hashFile(copy) };
}

function copyOf({ name }: OwnUnits, file: string, paths: Paths): string {
  return join(paths.ownUnits(name), basename(file));
}
