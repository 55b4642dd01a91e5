import { listServices, readCurrentRecord } from '../deployment/record.ts';
import type { Digest } from '../image/digest.ts';
import { findImage } from '../store/find-image.ts';
import { readImages } from '../store/images.ts';
import type { Context } from './context.ts';

/** An image of the store. */
export interface NamedImage {
  /** Fully qualified. */
  name: string;
  digest: Digest;
}

/** The image that a word on a command line means: that of an installed service, else one of the store. Throws as `findImage`. */
export function namedImage(text: string, context: Context): NamedImage {
  const service = listServices(context.paths).find((each) => each === text.replace(/\.service$/, ''));
  const image = service === undefined ? undefined : readCurrentRecord(context.paths, service)?.image;
  return image === undefined
    ? findImage(readImages(context.store()), text)
    : { name: image.name, digest: image.manifestDigest };
}
