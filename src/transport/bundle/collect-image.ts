import { BerthError } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Descriptor, Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { type ImageContent, resolveImage } from '../../image/resolve-image.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { ImageSource } from '../source.ts';

/** An image that is to be bundled: all that names its layers is at hand, and the layers are still at its source. */
export interface CollectedImage {
  source: ImageSource;
  /** Of what the reference names: an index stays one, so that its digest stays, too. */
  top: Descriptor;
  /** Indexes, manifests and configs. */
  documents: Map<Digest, Buffer>;
  layers: Descriptor[];
}

/**
 * Reads what leads from a reference to the images of some platforms, and nothing of others in its index.
 * Throws `platform-unavailable`, `interrupted`, and what `resolveImage` and the source throw.
 */
export async function collectImage(
  source: ImageSource,
  platforms: readonly Platform[],
  { limits, signal }: { limits: Limits; signal: AbortSignal },
): Promise<CollectedImage> {
  try {
    return await untilAborted(collect(source, platforms, limits), signal);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: looking up ${source.name}`, { cause })
      : cause;
  }
}

async function collect(
  source: ImageSource,
  platforms: readonly Platform[],
  limits: Limits,
): Promise<CollectedImage> {
  const top = await source.top();
  const documents = new Map([[top.descriptor.digest, top.bytes]]);
  const keep = async (descriptor: Descriptor, reading: Promise<Buffer>): Promise<Buffer> => {
    const bytes = await reading;
    documents.set(descriptor.digest, bytes);
    return bytes;
  };
  const content: ImageContent = {
    manifest: (descriptor) => keep(descriptor, source.manifest(descriptor)),
    config: (descriptor) => keep(descriptor, source.config(descriptor)),
  };
  const layers: Descriptor[] = [];
  for (const platform of platforms) {
    layers.push(...(await resolveImage(top, content, platform, limits)).manifest.layers);
  }
  return { source, top: top.descriptor, documents, layers };
}
