import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Recipe } from './recipe.ts';
import { BIG, STANDARD } from './recipes.ts';

// Each test image is built once per machine: CACHE/NAME-KEY, where KEY covers the recipe's folder, the
// image that it is made from, and the program that builds them.

/** Say which images there are and where they are kept, and not what is in one. */
const INDIFFERENT = new Set(['recipes.ts', 'build.ts', 'cache.ts']);

/** The directory that keeps what is built; test/setup/run names the same one. */
export function cacheDirectory(): string {
  return process.env['BERTH_TEST_CACHE'] ?? '/var/cache/berth-test';
}

/** Where an image is, or will be: `layout/` is an OCI layout, `registry/` the storage of a registry. */
export async function imageDirectory(recipe: Recipe): Promise<string> {
  return join(cacheDirectory(), `${recipe.name}-${await recipeKey(recipe)}`);
}

/** The storage directories for a registry with the test images, one each. */
export async function registryStorage(withBigfile: boolean): Promise<string[]> {
  const recipes = withBigfile ? [...STANDARD, ...BIG] : STANDARD;
  const directories = await Promise.all(recipes.map(storageOf));
  return directories.filter((directory) => directory !== undefined);
}

/** Why this machine has no such image and cannot build it; undefined when it has it, or can. */
export async function whyNot(recipe: Recipe): Promise<string | undefined> {
  return existsSync(await imageDirectory(recipe)) ? undefined : await recipe.missing?.();
}

/** Undefined for an image that this machine cannot build, and for one that is not pushed. */
async function storageOf(recipe: Recipe): Promise<string | undefined> {
  if (recipe.tags.length === 0) return undefined;
  const directory = join(await imageDirectory(recipe), 'registry');
  if (existsSync(directory)) return directory;
  if ((await whyNot(recipe)) !== undefined) return undefined;
  const set = BIG.includes(recipe) ? 'big' : 'standard';
  throw new Error(
    `the test image ${recipe.name} is not built: run sh test/setup/run --host node test/images/build.ts ${set}`,
  );
}

async function recipeKey(recipe: Recipe): Promise<string> {
  const hash = createHash('sha256').update(recipe.from === undefined ? '' : await recipeKey(recipe.from));
  const builders = await filesOf(import.meta.dirname, false);
  const ingredients = await filesOf(recipe.folder, true);
  for (const file of [...builders.filter((path) => !INDIFFERENT.has(basename(path))), ...ingredients]) {
    hash
      .update(`${file.slice(import.meta.dirname.length)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

async function filesOf(directory: string, recursive: boolean): Promise<string[]> {
  const entries = await readdir(directory, { recursive, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
