import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Packages } from './packages.ts';
import type { LayerRecipe } from './recipe.ts';

/**
 * Carries out the steps of a layer and returns the directory of what they changed, whiteouts as the
 * OCI image spec writes them (layer.md). `below` are the directories of the layers below, the lowest first.
 */
export async function changeRoot(
  recipe: LayerRecipe,
  below: string[],
  work: string,
  packages: Packages,
): Promise<string> {
  const upper = join(work, 'upper');
  if (below.length === 0 || recipe.packages === undefined) {
    await mkdir(upper, { recursive: true });
    await carryOut(recipe, upper, packages);
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
    await carryOut(recipe, root, packages);
  } finally {
    await execa('umount', [root]);
  }
  await translateWhiteouts(upper);
  return upper;
}

async function carryOut(recipe: LayerRecipe, root: string, packages: Packages): Promise<void> {
  if (recipe.packages !== undefined) {
    await packages.install(root, recipe.packages);
  }
  if (recipe.files !== undefined) {
    await execa('cp', ['--recursive', `${recipe.files}/.`, root]);
    // Who cloned this repository, and with what umask, is no part of an image.
    await execa('chmod', ['--recursive', 'u=rwX,go=rX', root]);
  }
  if (recipe.script !== undefined) {
    await execa('bash', ['-euc', recipe.script], { env: { ROOT: root }, stdin: 'ignore' });
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
