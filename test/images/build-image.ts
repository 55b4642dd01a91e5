import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { imageDirectory } from './cache.ts';
import { type PackedLayer, packLayer } from './layer.ts';
import { Layout } from './layout.ts';
import type { Packages } from './packages.ts';
import { pushImage } from './push.ts';
import type { Recipe } from './recipe.ts';
import { changeRoot } from './root.ts';

/**
 * Builds one image into the cache, from what it is made from there: `layout/`, `registry/`, `layers.json`,
 * and of an image that bootstraps the file system itself, `root/`. `work` is a directory in memory.
 */
export async function buildImage(recipe: Recipe, work: string, packages: Packages): Promise<void> {
  const destination = await imageDirectory(recipe);
  const unfinished = `${destination}.unfinished`;
  const layout = await Layout.create(join(unfinished, 'layout'));
  const layers = recipe.from === undefined ? [] : await inherit(recipe.from, layout);
  const below = recipe.from === undefined ? [] : [join(await imageDirectory(recipe.from), 'root')];
  for (const [number, layer] of recipe.layers.entries()) {
    if (layer.packages !== undefined && !recipe.from?.layers.some(({ bootstrap }) => bootstrap)) {
      throw new Error(
        `the recipe ${recipe.name} installs packages, but is not made from one that bootstraps`,
      );
    }
    const tree = await changeRoot(layer, { below, work: join(work, String(number)), recipe, packages });
    below.push(tree);
    layers.push(await packLayer(tree, layout.blobs, layer.compression ?? 'gzip'));
    if (layer.bootstrap) {
      await execa('cp', ['--archive', tree, join(unfinished, 'root')]);
    }
  }
  await rm(work, { recursive: true, force: true });
  await layout.add(recipe, layers);
  await writeFile(join(unfinished, 'layers.json'), JSON.stringify(layers));
  if (recipe.tags.length > 0) {
    const storage = join(unfinished, 'registry');
    await pushImage(recipe, layout.dir, storage);
    await shareBlobs(storage, layout);
  }
  await rename(unfinished, destination);
}

/** Takes over the layers of an image, which take no further space. */
async function inherit(recipe: Recipe, layout: Layout): Promise<PackedLayer[]> {
  const directory = await imageDirectory(recipe);
  const layers = JSON.parse(await readFile(join(directory, 'layers.json'), 'utf8')) as PackedLayer[];
  for (const name of layers.map(({ digest }) => digest.replace('sha256:', ''))) {
    await link(join(directory, 'layout/blobs/sha256', name), join(layout.blobs, name));
  }
  return layers;
}

/** The registry wrote its own copies of the layout's blobs. */
async function shareBlobs(storage: string, layout: Layout): Promise<void> {
  const blobs = new Set(await readdir(layout.blobs));
  const stored = join(storage, 'docker/registry/v2/blobs/sha256');
  for (const name of await readdir(stored, { recursive: true })) {
    const [, digest = '', file] = name.split('/');
    if (file !== 'data' || !blobs.has(digest)) continue;
    await rm(join(stored, name));
    await link(join(layout.blobs, digest), join(stored, name));
  }
}
