import type { Digest } from '../../image/digest.ts';
import { inParallel } from '../../transport/copy/in-parallel.ts';
import type { ImageSource } from '../../transport/source.ts';
import type { HostLock } from './host-lock.ts';

const AT_ONCE = 4;

/**
 * Asks where the images are what each stands for now. Of an image for several platforms it is the digest of the
 * index, so that one lock serves hosts of all of them. Throws what asking throws.
 */
export async function resolveLock(
  images: readonly string[],
  open: (image: string) => ImageSource,
  signal: AbortSignal,
): Promise<HostLock> {
  const lock = new Map<string, Digest>();
  await inParallel(images, AT_ONCE, signal, async (image) => {
    const source = open(image);
    try {
      lock.set(image, (await source.top()).descriptor.digest);
    } finally {
      await source.close();
    }
  });
  return lock;
}
