import { readLimits } from '../image/limits.ts';
import { targetPlatform } from '../image/target-platform.ts';
import type { ImageTrees } from '../layer/image-trees.ts';
import { type PulledImage, pullImage } from '../layer/pull.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import { loadSettings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { ImageSource } from '../transport/source.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';
import { PullReport } from './progress.ts';

export interface PullToStoreOptions {
  authfile?: string | undefined;
  /** Keeps the root file system for the caller. */
  trees?: ImageTrees;
}

/** Brings an image into the store, with the settings of the host; the caller records its name. Throws as `pullImage`. */
export async function pullToStore(
  reference: ImageReference,
  store: Store,
  { authfile, ...options }: PullToStoreOptions,
  context: Context,
): Promise<PulledImage> {
  return await pullFrom(openImage(reference, authfile, context), store, options, context);
}

/** The same from a source, which is closed then. */
export async function pullFrom(
  source: ImageSource,
  store: Store,
  options: Pick<PullToStoreOptions, 'trees'>,
  context: Context,
): Promise<PulledImage> {
  const report = new PullReport(context.output);
  try {
    return await pullImage(store, source, {
      ...options,
      platform: targetPlatform(context.paths),
      limits: readLimits(loadSettings(context.paths).limits),
      signal: context.signal,
      onProgress: (progress) => report.show(progress),
    });
  } finally {
    await source.close();
  }
}
