import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../paths.ts';
import { readRegularText } from '../../regular-file.ts';
import type { ServiceName } from '../../service-name.ts';
import { isAtOrBelow } from '../exports/host-files-places.ts';
import { hashFile } from '../hash-file.ts';
import { keptDeployments } from '../kept-deployments.ts';
import { type DeploymentRecord, type InstalledFile, listServices } from '../record.ts';
import { createdPaths } from '../render/render-lines.ts';

/** What `--purge` takes with a service. */
export interface PurgedState {
  /** Removed with all that is in it, parents first. */
  state: string[];
  /** What was made on the way to it; removed if empty, children first. */
  parents: string[];
  /** What a person added to its units. */
  dropIns: InstalledFile[];
  dropInDirectories: string[];
}

/**
 * What a service keeps: of what its tmpfiles.d file makes, only what was not there before it, or what has
 * its name. What a service that stays makes, too, stays. `leaving` are all that go; `record` is with
 * what all its deployments have made.
 */
export function findPurged(
  record: DeploymentRecord,
  leaving: readonly ServiceName[],
  paths: Paths,
): PurgedState {
  const { service } = record;
  const own = ['/var/lib', '/var/cache', '/var/log', '/run'].map((directory) => `${directory}/${service}`);
  const staying = listServices(paths)
    .filter((name) => !leaving.includes(name))
    .flatMap((name) => declaredPaths(name, paths));
  const declared = declaredPaths(service, paths);
  const foreign = foreignRootfs(paths);
  const state = declared.filter(
    (path) =>
      (record.state.includes(path) || own.some((place) => isAtOrBelow(path, place))) &&
      !/^\/(?:proc|sys|dev)(?:\/|$)/.test(path) &&
      !foreign.some((directory) => isAtOrBelow(directory, path)) &&
      !staying.some((other) => isAtOrBelow(other, path) || isAtOrBelow(path, other)),
  );
  const parents = record.state.filter((path) => !declared.includes(path)).toReversed();
  const dropInDirectories = record.units
    .map((unit) => paths.installed.unit(`${unit}.d`))
    .filter((directory) => existsSync(paths.follow(directory)));
  const files = record.files.map(({ path }) => path);
  return {
    state,
    parents,
    dropIns: dropInDirectories
      .flatMap((directory) => listFiles(directory, paths))
      .filter(({ path }) => !files.includes(path)),
    dropInDirectories,
  };
}

/** The root file systems that are not berth's, of all services. */
function foreignRootfs(paths: Paths): string[] {
  return listServices(paths).flatMap((name) =>
    keptDeployments(paths, name).flatMap(({ rootfs }) => rootfs?.directory ?? []),
  );
}

/** What the tmpfiles.d files of all kept deployments of a service make, parents first. */
function declaredPaths(name: ServiceName, paths: Paths): string[] {
  const texts = keptDeployments(paths, name)
    .map((kept) => join(paths.sideOf(kept).deployment(name, kept.number), 'tmpfiles.conf'))
    .filter((file) => existsSync(file))
    .map((file) => readRegularText(file));
  return [...new Set(texts.flatMap(createdPaths))].sort();
}

function listFiles(directory: string, paths: Paths): InstalledFile[] {
  return readdirSync(paths.follow(directory)).flatMap((name): InstalledFile[] => {
    const path = join(directory, name);
    const located = paths.locate(path);
    const stat = lstatSync(located);
    if (stat.isSymbolicLink()) return [{ path, type: 'symlink', content: readlinkSync(located) }];
    return stat.isFile() ? [{ path, type: 'file', content: hashFile(located) }] : [];
  });
}
