import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { cacheDirectory, type ImageSet, imageSet } from './cache.ts';
import { type PackedLayer, packLayer } from './layer.ts';
import { Layout } from './layout.ts';
import { Packages } from './packages.ts';
import { pushAll } from './push.ts';
import type { Recipe } from './recipe.ts';
import { BIG, STANDARD } from './recipes.ts';
import { changeRoot } from './root.ts';

// Usage: build.ts [standard | big]. Builds the test images of a set into the cache, once per machine
// and version of the recipes. Run by test/setup/run, in a mount namespace of its own and under a lock.

/** Sets that nobody used for so long are removed, in milliseconds. */
const KEPT = 14 * 24 * 3600 * 1000;

const set: ImageSet = process.argv[2] === 'big' ? 'big' : 'standard';
const finished = await imageSet(set);
if (existsSync(finished)) {
  await utimes(finished, new Date(), new Date());
} else {
  await removeUnused();
  process.stderr.write(`setup: test images (${set})\n`);
  try {
    await build(set === 'big' ? BIG : STANDARD, finished);
  } catch (error) {
    if (!(error instanceof ExecaError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function build(recipes: Recipe[], destination: string): Promise<void> {
  const unfinished = `${destination}.unfinished`;
  await mkdir(join(unfinished, 'work'), { recursive: true });
  // In memory, because an overlay cannot write to another overlay, which a container's disk often is.
  await execa('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', join(unfinished, 'work')]);
  const work = join(unfinished, 'work');
  const layout = await Layout.create(join(unfinished, 'layout'));
  await assemble(recipes, layout, work);
  await execa('umount', [work]);
  await rm(work, { recursive: true });
  await pushAll(recipes, layout.dir, join(unfinished, 'registry'));
  await rename(unfinished, destination);
}

async function assemble(recipes: Recipe[], layout: Layout, work: string): Promise<void> {
  const packages = await Packages.open(work);
  const root = join(work, 'base');
  await packages.bootstrap(root);
  const trees = new Map<string, string[]>([['base', [root]]]);
  const packed = new Map<string, PackedLayer[]>([['base', [await packLayer(root, layout.blobs, 'gzip')]]]);
  for (const recipe of recipes) {
    const below = [...(trees.get(recipe.from?.name ?? recipe.name) ?? [])];
    const layers = [...(packed.get(recipe.from?.name ?? recipe.name) ?? [])];
    for (const [number, layer] of recipe.layers.entries()) {
      const tree = await changeRoot(layer, below, join(work, `${recipe.name}-${number}`), packages);
      below.push(tree);
      layers.push(await packLayer(tree, layout.blobs, layer.compression ?? 'gzip'));
    }
    trees.set(recipe.name, below);
    packed.set(recipe.name, layers);
    await layout.add(recipe, layers);
  }
  await layout.finish();
}

async function removeUnused(): Promise<void> {
  for (const name of await readdir(cacheDirectory())) {
    const path = join(cacheDirectory(), name);
    const isSet = /^(standard|big)-/.test(name);
    if (isSet && (name.endsWith('.unfinished') || Date.now() - (await stat(path)).mtimeMs > KEPT)) {
      await rm(path, { recursive: true });
    }
  }
}
