import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { execa } from 'execa';
import { checkout } from '../../src/deployment/plan/checkout.ts';
import type { Digest } from '../../src/image/digest.ts';
import { pullImage } from '../../src/layer/pull.ts';
import { readImageTree } from '../../src/layer/stored-layer.ts';
import { createStore } from '../../src/store/store.ts';
import { imageDirectory } from '../images/cache.ts';
import type { PackedLayer } from '../images/layer.ts';
import type { Recipe } from '../images/recipe.ts';
import { type FakeLayer, FakeSource, sha256 } from '../unit/layer/fake-source.ts';

/** The root file system of a test image, by umoci; `rootfs` is a directory that is made. */
export async function unpackWithUmoci(recipe: Recipe, bundle: string): Promise<string> {
  const image = `${await imageDirectory(recipe)}/layout:${recipe.name}`;
  await execa('umoci', ['unpack', '--image', image, bundle]);
  return join(bundle, 'rootfs');
}

/** The same by berth, from a store in `directory`, which is made, of layers that are compressed so. */
export async function unpackWithBerth(
  recipe: Recipe,
  directory: string,
  compression: 'gzip' | 'zstd',
): Promise<string> {
  const store = createStore(join(directory, 'store'));
  const source = new FakeSource(await readLayers(recipe, compression));
  const { diffIds } = await pullImage(store, source, { platform: { os: 'linux', architecture: 'amd64' } });
  const rootfs = join(directory, recipe.name);
  await checkout(store, readImageTree(store, diffIds), rootfs);
  return rootfs;
}

async function readLayers(recipe: Recipe, compression: 'gzip' | 'zstd'): Promise<FakeLayer[]> {
  const image = await imageDirectory(recipe);
  const packed: PackedLayer[] = JSON.parse(readFileSync(join(image, 'layers.json'), 'utf8'));
  return packed.map(({ mediaType, digest, diffId }) => {
    const stored = readFileSync(join(image, 'layout/blobs/sha256', digest.replace('sha256:', '')));
    const blob = compression === 'gzip' ? stored : zstdCompressSync(gunzipSync(stored));
    const described = {
      mediaType: mediaType.replace('gzip', compression),
      digest: sha256(blob),
      size: blob.length,
    };
    return { descriptor: described, diffId: diffId as Digest, blob };
  });
}
