import { BerthError } from '../errors.ts';
import { followPath } from '../follow-path.ts';
import { Paths } from '../paths.ts';
import { isAtOrBelow } from './exports/host-files-places.ts';
import { type DeploymentRecord, type RecordedFile, readVendorRecord } from './record.ts';

/** What hides a unit, a drop-in, a tmpfiles.d or a sysusers.d file of the vendor's, and has nothing in its place. */
export const MASK = '/dev/null';

/**
 * A deployment as a change on the host sees it: of a vendor's, without what systemd reads in /usr, which
 * no such change touches. The files of `/etc` and the like are the host's once it runs.
 */
export function onHost(record: DeploymentRecord): DeploymentRecord {
  if (record.vendor === undefined) return record;
  return { ...record, files: record.files.filter((file) => !isShipped(file)), directories: [] };
}

/** True for a file of a vendor's deployment that systemd reads in /usr. */
export function isShipped({ path }: RecordedFile): boolean {
  // An image's own files never lie there.
  return isAtOrBelow(path, '/usr/lib/systemd') || Paths.hiding(path) !== undefined;
}

/** The places where a host's own deployment with these files must mask what the vendor's has and it has not. */
export function placesToMask(
  service: DeploymentRecord['service'],
  files: readonly { path: string }[],
  paths: Paths,
): string[] {
  const own = new Set(files.map(({ path }) => path));
  return (readVendorRecord(paths, service)?.files ?? []).flatMap(({ path, type }) => {
    const place = type === 'file' ? Paths.hiding(path) : undefined;
    return place === undefined || own.has(place) ? [] : [place];
  });
}

/** Throws `host-file-conflict` for a file that an image of an operating system cannot ship. */
export function refuseState(files: readonly { path: string }[], { root }: Paths): void {
  const state = files.find(({ path }) => isAtOrBelow(followPath(root, path).inside, '/var'));
  if (state === undefined) return;
  throw new BerthError('host-file-conflict', `cannot install: ${state.path}: /var starts empty on a host`, {
    hint: 'have the image make it at boot: a line of type C in /exports/tmpfiles.template',
  });
}
