import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../image/digest.ts';
import { fileSystemError } from '../linux/file-system.ts';
import type { Store } from './store.ts';

/** How the name ends of what is to replace a file in one piece. */
const TEMPORARY = '.berth-new';

/** A place for content that is not yet committed. */
export interface Staging {
  readonly directory: string;
  /** Where the files of all layers go, each where it would be among the objects of a store. */
  readonly objects: string;
  /** Where deployments are made, each under its service's name, whatever that is. */
  readonly deployments: string;
  /** Where a layer's record goes. */
  record(diffId: Digest): string;
  /** Where a file of a layer is written that cannot go to its place at once. */
  unfinished(diffId: Digest): string;
  /** Removes it with all that is left in it; no error when it is gone. */
  remove(): void;
}

/**
 * Opens an empty staging place and removes every older one: what another boot left may never have
 * reached the disk, and what this boot left belonged to a process that died, because the caller
 * holds the writer's lock. Throws `no-space`, `io`.
 */
export function openStaging(store: Store): Staging {
  try {
    removeStaging(store);
    const boot = join(store.staging, bootId());
    mkdirSync(boot, { recursive: true, mode: 0o700 });
    return new StagingDirectory(mkdtempSync(join(boot, `${process.pid}-`)));
  } catch (error) {
    throw fileSystemError(error, 'cannot make a staging directory', store.staging);
  }
}

/** Removes all staging, and what else was never finished. The caller holds the writer's lock. Returns how many places there were. */
export function removeStaging(store: Store): number {
  const boots = readdirSync(store.staging);
  for (const boot of boots) rmSync(join(store.staging, boot), { recursive: true, force: true });
  removeTemporaries(store);
  return boots.length;
}

// A process that was killed may have been writing a blob or the list of images.
function removeTemporaries(store: Store): void {
  const blobs = join(store.directory, 'blobs');
  const algorithms = readdirSync(blobs, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const places = [store.directory, ...algorithms.map(({ name }) => join(blobs, name))];
  for (const place of places) {
    for (const name of readdirSync(place).filter((entry) => entry.endsWith(TEMPORARY))) {
      rmSync(join(place, name), { force: true });
    }
  }
}

class StagingDirectory implements Staging {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    for (const path of [this.objects, this.deployments, join(directory, 'layers')]) {
      mkdirSync(path, { mode: 0o700 });
    }
  }

  get objects(): string {
    return join(this.directory, 'objects');
  }

  get deployments(): string {
    return join(this.directory, 'deployments');
  }

  record(diffId: Digest): string {
    return join(this.directory, 'layers', diffId);
  }

  unfinished(diffId: Digest): string {
    return `${this.record(diffId)}.unfinished`;
  }

  remove(): void {
    rmSync(join(this.directory, '..'), { recursive: true, force: true });
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
