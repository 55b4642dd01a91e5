import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

// Test images are built once per machine: CACHE/standard-KEY and CACHE/big-KEY, where KEY covers
// everything below test/images.

export type ImageSet = 'standard' | 'big';

/** The directory that keeps what is built; test/setup/run names the same one. */
export function cacheDirectory(): string {
  return process.env['BERTH_TEST_CACHE'] ?? '/var/cache/berth-test';
}

/** Where a set of images is, or will be: `layout/` is an OCI layout of all, `registry/` a registry's storage. */
export async function imageSet(set: ImageSet): Promise<string> {
  return join(cacheDirectory(), `${set}-${await recipesKey()}`);
}

/** The storage directories for a registry with the test images, the uppermost first. */
export async function registryStorage(withBigfile: boolean): Promise<string[]> {
  const sets: ImageSet[] = withBigfile ? ['big', 'standard'] : ['standard'];
  const directories: string[] = [];
  for (const set of sets) {
    const directory = join(await imageSet(set), 'registry');
    if (!existsSync(directory)) {
      throw new Error(
        `the test images are not built: run sh test/setup/run --host node test/images/build.ts ${set}`,
      );
    }
    directories.push(directory);
  }
  return directories;
}

/** Changes with any file of the recipes and of the program that builds them. */
async function recipesKey(): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    hash
      .update(`${file.slice(import.meta.dirname.length)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}
