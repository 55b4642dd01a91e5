import { BerthError } from '../../errors.ts';
import { NO_LIMITS } from '../../image/limits.ts';
import { lonePlatform } from '../../image/lone-platform.ts';
import { openPackedImage } from '../../layer/packed-image.ts';
import { type CollectedImage, collectImage } from '../../transport/bundle/collect-image.ts';
import { type BundleCounts, type WriteOptions, writeBundle } from '../../transport/bundle/write-bundle.ts';
import { formatHost } from '../format-host.ts';
import type { ExportedService } from './exported-service.ts';

/** The file of a bundle that says what services are made of its images. */
export const HOST_FILE = 'host.yaml';

/**
 * Writes a bundle with the images of services, packed anew from their stores, and a host.yaml with the services. It
 * holds their values: only its owner can read it. Throws `usage` where two services have different images of one
 * name, and what packing and `writeBundle` throw.
 */
export async function exportServices(
  path: string,
  exported: readonly ExportedService[],
  options: Omit<WriteOptions, 'mode'>,
): Promise<BundleCounts> {
  const services = exported.map(({ service }) => service);
  const images = new Map<string, CollectedImage>();
  try {
    for (const each of imagesOf(exported)) {
      images.set(each.service.image, await pack(each, options.signal));
    }
    const content = {
      images: [...images].map(([name, image]) => ({ name, spellings: [], ...image })),
      files: new Map([[HOST_FILE, Buffer.from(formatHost(services))]]),
    };
    return await writeBundle(path, content, { ...options, mode: 0o600 });
  } finally {
    for (const { source } of images.values()) await source.close();
  }
}

/** One service for each image. */
function imagesOf(exported: readonly ExportedService[]): ExportedService[] {
  const images = new Map<string, ExportedService>();
  for (const each of exported) {
    const other = images.get(each.service.image);
    if (other !== undefined && other.image.digest !== each.image.digest) {
      const names = `${other.service.name} and ${each.service.name}`;
      throw new BerthError(
        'usage',
        `cannot export ${names} together: they have different images ${each.service.image}`,
        {
          hint: 'berth update both, or export each for itself',
        },
      );
    }
    images.set(each.service.image, each);
  }
  return [...images.values()];
}

async function pack({ image, store }: ExportedService, signal: AbortSignal): Promise<CollectedImage> {
  const source = await openPackedImage({ store, image, has: async () => false, signal });
  try {
    const platform = await lonePlatform(await source.top(), source, NO_LIMITS);
    if (platform === undefined) throw new TypeError('an image of the store that is an index');
    return await collectImage(source, [platform], { limits: NO_LIMITS, signal });
  } catch (error) {
    await source.close();
    throw error;
  }
}
