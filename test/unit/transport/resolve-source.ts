import type { Platform, ResolvedImage } from '../../../src/image/image.ts';
import { resolveImage } from '../../../src/image/resolve-image.ts';
import type { ImageSource } from '../../../src/transport/source.ts';

/** What a source has for a platform. */
export async function resolveSource(source: ImageSource, platform: Platform): Promise<ResolvedImage> {
  return resolveImage(await source.top(), source, platform);
}
