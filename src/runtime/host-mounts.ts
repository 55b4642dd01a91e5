import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { checkMounts } from './check-mounts.ts';
import { invalid, isBind, type Mount, type OciConfig } from './oci-config.ts';

/** A directory or file of the host that a person lets a service see. */
export interface HostMount {
  /** Absolute, on the host. */
  source: string;
  /** Absolute, in the container. */
  destination: string;
  readOnly: boolean;
}

/**
 * A config.json with these mounts beside its own; at the same place, they take the others' place. Throws
 * `runtime-config-invalid` for a source that is not there, and for what no service may mount.
 */
export function addHostMounts(config: OciConfig, mounts: readonly HostMount[], paths: Paths): OciConfig {
  if (mounts.length === 0) return config;
  checkMounts(mounts.map(bind));
  requireSources(mounts.map(bind), paths);
  const taken = mounts.map(({ destination }) => normal(destination));
  const others = (config.mounts ?? []).filter(({ destination }) => !taken.includes(normal(destination)));
  return { ...config, mounts: mounts.map(bind).reduce(insertAbove, others) };
}

/** A mount hides what was mounted below it before: it goes in front of that. */
function insertAbove(mounts: readonly Mount[], mount: Mount): Mount[] {
  const above = `${normal(mount.destination)}/`;
  const below = mounts.findIndex(({ destination }) => normal(destination).startsWith(above));
  return mounts.toSpliced(below === -1 ? mounts.length : below, 0, mount);
}

// With the mounts that lie below it, and none that come later to either side, as other container tools do it.
function bind({ source, destination, readOnly }: HostMount): Mount {
  return { destination, type: 'bind', source, options: ['rbind', readOnly ? 'ro' : 'rw', 'rprivate'] };
}

/**
 * The runtime would fail at each start without what a mount shows. Throws `runtime-config-invalid` for the
 * first source on the host that is not there.
 */
export function requireSources(mounts: readonly Mount[], paths: Paths): void {
  for (const mount of mounts) {
    const { source, destination } = mount;
    if (source === undefined || !isBind(mount) || existsSync(paths.follow(source))) continue;
    const { code, message } = invalid('mounts', `${source}, which ${destination} is to show, is not there`);
    throw new BerthError(code, message, { hint: `mkdir -p ${paths.locate(source)}` });
  }
}

function normal(path: string): string {
  return posix.resolve('/', path);
}
