import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { buildImage } from './build-image.ts';
import { cacheDirectory, imageDirectory } from './cache.ts';
import { Packages } from './packages.ts';
import type { Recipe } from './recipe.ts';
import { BIG, STANDARD } from './recipes.ts';

// Usage: build.ts [standard | big]. Builds what is missing of the test images of a set into the cache.
// Run by test/setup/run, in a mount namespace of its own and under a lock.

/** What nobody used for so long is removed, in milliseconds. */
const KEPT = 14 * 24 * 3600 * 1000;

try {
  await buildMissing(process.argv[2] === 'big' ? [...STANDARD, ...BIG] : STANDARD);
} catch (error) {
  if (!(error instanceof ExecaError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function buildMissing(recipes: Recipe[]): Promise<void> {
  const missing: Recipe[] = [];
  for (const recipe of recipes) {
    const directory = await imageDirectory(recipe);
    if (existsSync(directory)) {
      await utimes(directory, new Date(), new Date());
    } else if ((await recipe.missing?.()) === undefined) {
      missing.push(recipe);
    }
  }
  if (missing.length === 0) {
    return;
  }
  await removeUnused();
  const work = join(cacheDirectory(), 'work');
  await mkdir(work, { recursive: true });
  // In memory, because an overlay cannot write to another overlay, which a container's disk often is.
  await execa('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', work]);
  const packages = new Packages(work);
  for (const recipe of missing) {
    process.stderr.write(`setup: test image ${recipe.name}\n`);
    await buildImage(recipe, join(work, recipe.name), packages);
  }
  await execa('umount', [work]);
  await rmdir(work);
}

/** Nobody else writes there now: what is unfinished was interrupted. */
async function removeUnused(): Promise<void> {
  for (const entry of await readdir(cacheDirectory(), { withFileTypes: true })) {
    const path = join(cacheDirectory(), entry.name);
    if (!entry.isDirectory()) continue;
    if (entry.name.endsWith('.unfinished') || Date.now() - (await stat(path)).mtimeMs > KEPT) {
      await rm(path, { recursive: true });
    }
  }
}
