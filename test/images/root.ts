import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Packages } from './packages.ts';
import type { LayerRecipe, Recipe } from './recipe.ts';

export interface Surroundings {
  /** The directories of the layers below, the lowest first. */
  below: string[];
  /** A directory in memory. */
  work: string;
  recipe: Recipe;
  packages: Packages;
}

/**
 * Carries out the steps of a layer and returns the directory of what they changed, whiteouts as the
 * OCI image spec writes them (layer.md).
 */
export async function changeRoot(layer: LayerRecipe, surroundings: Surroundings): Promise<string> {
  const { below, work } = surroundings;
  const upper = join(work, 'upper');
  if (layer.packages === undefined) {
    await mkdir(upper, { recursive: true });
    await carryOut(layer, upper, surroundings);
    return upper;
  }
  const root = join(work, 'root');
  await Promise.all([root, upper, join(work, 'overlay')].map((dir) => mkdir(dir, { recursive: true })));
  const options = [
    `lowerdir=${[...below].reverse().join(':')}`,
    `upperdir=${upper}`,
    `workdir=${join(work, 'overlay')}`,
    // Otherwise a renamed directory is one that only the kernel can read.
    ...['redirect_dir=off', 'metacopy=off'],
  ];
  await execa('mount', ['-t', 'overlay', '-o', options.join(','), 'overlay', root]);
  try {
    await carryOut(layer, root, surroundings);
  } finally {
    await execa('umount', [root]);
  }
  await translateWhiteouts(upper);
  return upper;
}

async function carryOut(layer: LayerRecipe, root: string, { recipe, packages }: Surroundings): Promise<void> {
  if (layer.bootstrap) {
    await packages.bootstrap(root);
  }
  if (layer.packages !== undefined) {
    await packages.install(root, layer.packages);
  }
  if (layer.files !== undefined) {
    await execa('cp', ['--recursive', `${layer.files}/.`, root]);
    // Who cloned this repository, and with what umask, is no part of an image.
    await execa('chmod', ['--recursive', 'u=rwX,go=rX', root]);
  }
  if (layer.script !== undefined) {
    const env = { ROOT: root, FOLDER: recipe.folder };
    await execa('bash', ['-euc', layer.script], { env, stdin: 'ignore' });
  }
}

/** overlayfs marks what is gone by a character device 0:0. */
async function translateWhiteouts(upper: string): Promise<void> {
  const { stdout } = await execa('find', [upper, '-type', 'c', '-printf', '%h\\0%f\\0']);
  const names = stdout.split('\0');
  for (let i = 0; i + 1 < names.length; i += 2) {
    const [dir = '', name = ''] = names.slice(i, i + 2);
    await rm(join(dir, name));
    await writeFile(join(dir, `.wh.${name}`), '');
  }
  for (const place of ['dev', 'tmp', 'run']) {
    const left = await readdir(join(upper, place)).catch(() => []);
    await Promise.all(left.map((name) => rm(join(upper, place, name), { recursive: true })));
  }
}
