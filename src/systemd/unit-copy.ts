import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { followPath } from '../follow-path.ts';
import { removeIfEmpty } from '../linux/remove-if-empty.ts';
import { Paths } from '../paths.ts';
import { UNIT_DIRECTORIES } from './unit-files.ts';

/**
 * Does work on a copy of the unit files below a root, and makes below that root what it did to the symlinks in
 * /etc/systemd/system. `systemctl --root` writes through the symlinks on its way, to the running system where
 * they are absolute: in the copy, there are none.
 */
export async function onUnitCopy<Result>(
  paths: Paths,
  work: (root: string) => Promise<Result>,
): Promise<Result> {
  const copy = new Paths(mkdtempSync(join(tmpdir(), 'berth-units-')));
  try {
    mkdirSync(copy.units, { recursive: true });
    copyUnits(paths, copy);
    const before = listLinks(copy.units);
    const result = await work(copy.root);
    bringBack(before, listLinks(copy.units), paths);
    return result;
  } finally {
    rmSync(copy.root, { recursive: true, force: true });
  }
}

function copyUnits(paths: Paths, copy: Paths): void {
  const copied = new Set<string>();
  for (const directory of UNIT_DIRECTORIES) {
    // /lib may be /usr/lib.
    const place = paths.follow(directory);
    if (copied.has(place)) continue;
    copied.add(place);
    copyDirectory(directory, paths, copy);
  }
}

/** Copies the files and symlinks of a directory as they are, and of those in it that systemd looks into. */
function copyDirectory(directory: string, paths: Paths, copy: Paths): void {
  const { path: from, type } = followPath(paths.root, directory);
  if (type !== 'directory') return;
  const to = join(copy.root, directory);
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const { name } = entry;
    const [source, target] = [join(from, name), join(to, name)];
    if (/\.(?:d|wants|requires|upholds)$/.test(name)) copyDirectory(join(directory, name), paths, copy);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) copyFileSync(source, target);
  }
}

/** The symlinks in a directory and in those in it, by their names relative to it. */
function listLinks(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    names
      .filter((name) => lstatSync(join(directory, name)).isSymbolicLink())
      .map((name) => [name, readlinkSync(join(directory, name))]),
  );
}

function bringBack(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  paths: Paths,
): void {
  for (const [name, target] of before) {
    if (after.get(name) === target) continue;
    rmSync(paths.unit(name), { force: true });
    if (name.includes('/')) removeIfEmpty(paths.follow(join(paths.installed.units, dirname(name))));
  }
  for (const [name, target] of after) {
    if (before.get(name) === target) continue;
    mkdirSync(paths.follow(join(paths.installed.units, dirname(name))), { recursive: true });
    symlinkSync(target, paths.unit(name));
  }
}
