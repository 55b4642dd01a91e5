import { chmodSync, chownSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { detach, mountMemory, mountOverlay, mountReadOnly, type OpenDirectory } from '../../linux/mount.ts';
import { mountNamespace } from '../../linux/mount-table.ts';
import type { Paths } from '../../paths.ts';
import { type MountRecord, overlaySource, type ShownTree, writeMountRecord } from './mount-record.ts';

/** How a person wants to see a root file system. */
export interface ShowRequest {
  target: OpenDirectory;
  writable: boolean;
  /** Which only root may change. */
  work: OpenDirectory | null;
}

/**
 * Mounts a root file system for people to look at. `find` finds it, or makes it where it is told. The caller holds the
 * writer's lock, and frees afterwards what is not mounted. Throws errors of the operating system and what `find` throws.
 */
export async function showTree(
  { target, writable, work }: ShowRequest,
  paths: Paths,
  find: (place: string) => Promise<ShownTree>,
): Promise<MountRecord> {
  mkdirSync(paths.mounts, { recursive: true, mode: 0o700 });
  const place = mkdtempSync(join(paths.mounts, 'berth-mount-'));
  const found = await find(join(place, 'rootfs'));
  const record: MountRecord = {
    version: 1,
    ...{ directory: target.name, ...found, writable, work: work?.name ?? null, namespace: mountNamespace() },
  };
  writeMountRecord(place, record);
  const hidden = join(place, 'hidden');
  mkdirSync(hidden, { mode: 0o700 });
  if (!writable) mountReadOnly(found.tree, target.path, hidden);
  else if (work !== null) overlay(record, place, work.path, target);
  else {
    mountMemory(hidden);
    try {
      overlay(record, place, hidden, target);
    } finally {
      // The overlay alone needs it from here on: it is gone when that is.
      detach(hidden);
    }
  }
  return record;
}

function overlay({ tree }: MountRecord, place: string, memory: string, target: OpenDirectory): void {
  const [upper, work] = [join(memory, 'upper'), join(memory, 'work')];
  const { uid, gid, mode } = statSync(tree);
  if (mkdirSync(upper, { recursive: true }) !== undefined) {
    // What is seen of the root directory itself is that of the upper one.
    chownSync(upper, uid, gid);
    chmodSync(upper, mode);
  }
  mkdirSync(work, { recursive: true, mode: 0o700 });
  mountOverlay({ source: overlaySource(place), lower: tree, upper, work }, target.path);
}
