import { rmSync } from 'node:fs';
import { detachBelow } from '../../linux/mount.ts';
import { readMountTable, readMountTableOf } from '../../linux/mount-table.ts';
import { removeIfEmpty } from '../../linux/remove-if-empty.ts';
import type { Paths } from '../../paths.ts';
import { isEntryOf, type KeptMount, listKeptMounts, type MountRecord } from './mount-record.ts';

/** What is mounted now for people to look at, by directory. */
export function listMounts(paths: Paths): MountRecord[] {
  const table = readMountTable();
  return listKeptMounts(paths)
    .flatMap((mount) => {
      const entry = table.find((each) => isEntryOf(mount, each));
      return mount.record && entry ? { ...mount.record, directory: entry.mountPoint } : [];
    })
    .sort((a, b) => (a.directory < b.directory ? -1 : 1));
}

/** The mount that a person sees in a directory; undefined where that is none of berth's, or something is over it. */
export function findMount(directory: string, paths: Paths): MountRecord | undefined {
  const entry = readMountTable().findLast(({ mountPoint }) => mountPoint === directory);
  return entry && listKeptMounts(paths).find((mount) => isEntryOf(mount, entry))?.record;
}

/** Frees what mounts needed that are gone: unmounted, lost with a boot, or never made. The caller holds the writer's lock. */
export function freeMounts(paths: Paths): void {
  // One that was killed may have left some.
  for (const { place } of listKeptMounts(paths)) detachBelow(place);
  for (const place of goneMounts(paths)) rmSync(place, { recursive: true, force: true });
  removeIfEmpty(paths.mounts);
}

/** The directories of mounts that are gone. */
export function goneMounts(paths: Paths): string[] {
  return listKeptMounts(paths)
    .filter((mount) => !isMounted(mount))
    .map(({ place }) => place);
}

function isMounted(mount: KeptMount): boolean {
  const { record } = mount;
  return record !== undefined && readMountTableOf(record.namespace).some((entry) => isEntryOf(mount, entry));
}
