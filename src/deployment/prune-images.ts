import type { Paths } from '../paths.ts';
import { forgetImage } from '../store/images.ts';
import { type Pruned, type PruneOptions, prune } from '../store/prune.ts';
import type { Store } from '../store/store.ts';
import { deployedImages, imagesOfDeployments, imagesWithNames, needsOf } from './images-in-use.ts';

export interface PruneImagesOptions extends PruneOptions {
  /** Forget the names of images that no deployment uses, too. */
  all: boolean;
}

/** What went, or would go: `images` are names. */
export interface PrunedImages extends Pruned {
  images: string[];
}

/**
 * Frees what no kept deployment and no name of an image needs. The caller holds the writer's lock and
 * has ended what was interrupted, or only asks. Throws `deployment-damaged` and `store-damaged`, before
 * anything is removed, when it is not certain what is needed.
 */
export function pruneImages(
  paths: Paths,
  store: Store,
  { all, ...options }: PruneImagesOptions,
): PrunedImages {
  const uses = [...imagesOfDeployments(paths), ...imagesWithNames(store)];
  const kept = all ? deployedImages(uses) : uses;
  const needs = needsOf(kept);
  const images = uses.filter((use) => !kept.includes(use)).map(({ name }) => name);
  // Names first: one that stands for an image that is gone would be damage.
  if (!options.dryRun) for (const name of images) forgetImage(store, name);
  return { images, ...prune(store, needs, options) };
}
