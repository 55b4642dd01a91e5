import { existsSync } from 'node:fs';
import { BerthError } from '../../errors.ts';
import type { Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { formatImageReference, parseImageReference } from '../../reference/image-reference.ts';
import { ArchiveFiles } from '../files/archive-files.ts';
import type { ImageFiles } from '../files/image-files.ts';
import { LAYOUT_FILE } from '../layout/layout-format.ts';
import type { ImageSource } from '../source.ts';
import type { BundledName } from './bundle-format.ts';
import { type CollectedImage, collectImage } from './collect-image.ts';
import { type BundleCounts, type WriteOptions, writeBundle } from './write-bundle.ts';

export interface BundleRequest {
  /** Images as they were written. */
  images: readonly string[];
  open: (image: string) => ImageSource;
  platforms: readonly Platform[];
  limits: Limits;
}

/** What a bundle was made of. */
export interface MadeBundle extends BundleCounts {
  images: (BundledName & CollectedImage)[];
}

/**
 * Makes a bundle of images. One that is there already takes part: what it has is not fetched again, and the new
 * one takes its place. Throws `destination-exists` for another file, and what `collectImage` and `writeBundle` throw.
 */
export async function bundleImages(
  path: string,
  { images: written, open, platforms, limits }: BundleRequest,
  options: Omit<WriteOptions, 'replace'>,
): Promise<MadeBundle> {
  const { signal } = options;
  const images = new Map<string, BundledName & CollectedImage>();
  const sources: ImageSource[] = [];
  const earlier = existsSync(path) ? await openEarlier(path, limits, signal) : undefined;
  try {
    for (const image of new Set(written)) {
      const source = open(image);
      sources.push(source);
      const collected = await collectImage(source, platforms, { limits, signal });
      // Of a short name, only what comes tells which image it is.
      const { name } = source;
      const known = images.get(name) ?? { name, spellings: [], ...collected };
      const spellings = new Set([...known.spellings, formatImageReference(parseImageReference(image))]);
      spellings.delete(name);
      images.set(name, { ...known, spellings: [...spellings].sort() });
    }
    const content = { images: [...images.values()], earlier };
    const counts = await writeBundle(path, content, { ...options, replace: earlier !== undefined });
    return { images: content.images, ...counts };
  } finally {
    for (const source of sources) await source.close();
    await earlier?.close();
  }
}

async function openEarlier(path: string, limits: Limits, signal: AbortSignal): Promise<ImageFiles> {
  const refuse = (cause?: unknown) =>
    new BerthError('destination-exists', `cannot write: ${path}: it is there, and is no bundle`, {
      hint: 'remove it, or name another file',
      cause,
    });
  let files: ImageFiles;
  try {
    files = await ArchiveFiles.open(path, limits, signal);
  } catch (error) {
    throw error instanceof BerthError && error.code === 'archive-invalid' ? refuse(error) : error;
  }
  if ((await files.size(LAYOUT_FILE)) !== undefined) return files;
  await files.close();
  throw refuse();
}
