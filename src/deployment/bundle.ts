import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../image/descriptor.ts';
import { putBlobs } from '../store/blob.ts';
import type { Store } from '../store/store.ts';
import type { BundleFile } from './record.ts';

/** The parts of a deployment that are no files of its bundle: its root file system, its checkout, the record itself. */
const APART = ['rootfs', 'image', 'deployment.json'];

/** The files of a deployment's bundle, relative to it, sorted. */
export function listBundle(directory: string): string[] {
  const found: string[] = [];
  const walk = (inside: string) => {
    for (const entry of readdirSync(join(directory, inside), { withFileTypes: true })) {
      const path = join(inside, entry.name);
      if (APART.includes(path)) continue;
      if (entry.isDirectory()) walk(path);
      else found.push(path);
    }
  };
  walk('');
  return found.sort();
}

/**
 * Puts a copy of every file of a staged bundle into the store and says what is there. Rendering a
 * damaged file again could give another one, on a host that has changed since. Throws as `putBlobs`.
 */
export function keepBundle(store: Store, directory: string): BundleFile[] {
  const files = listBundle(directory).map((path) => {
    const file = join(directory, path);
    const bytes = readFileSync(file);
    return { path, digest: digestOf(bytes), mode: lstatSync(file).mode & 0o7777, bytes };
  });
  putBlobs(
    store,
    files.map(({ digest, bytes }) => ({ digest, bytes })),
  );
  return files.map(({ path, digest, mode }) => ({ path, digest, mode }));
}
