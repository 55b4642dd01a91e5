import { notInstalled } from '../deployment/not-installed.ts';
import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { findImage } from '../store/find-image.ts';
import { readImages } from '../store/images.ts';
import { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { namedDeployment, namedService } from './named-services.ts';

/** What cannot be the name of a service, nor of an image of the store without its registry. */
const ELSEWHERE =
  /\/|^(?:docker|dockertar|oci|oci-archive|docker-archive|docker-daemon|dir|ostree|containers-storage):/;

/** True for a word that names an image by its registry or transport, and so one that may be anywhere. */
export function isElsewhere(text: string): boolean {
  return ELSEWHERE.test(text);
}

/** An image, and the store that has it. */
export interface NamedImage {
  store: Store;
  /** Fully qualified. */
  name: string;
  digest: Digest;
}

/** The image that a word on a command line means: that of an installed service, else one of the store. Throws as `findImage`. */
export function namedImage(text: string, context: Context): NamedImage {
  const record = namedDeployment(text, context.paths);
  const store = new Store(context.paths.sideOf(record ?? {}).store);
  return record === undefined
    ? { ...findImage(readImages(store), text), store }
    : { name: record.image.name, digest: record.image.manifestDigest, store };
}

/** The same, where what is unknown and without a tag is taken for the name of a service. Throws `service-not-found`, too. */
export function knownImage(text: string, context: Context): NamedImage {
  try {
    return namedImage(text, context);
  } catch (error) {
    const isUnknown = error instanceof BerthError && error.code === 'image-not-found';
    throw isUnknown && !text.includes(':') ? notInstalled(namedService(text), context.paths) : error;
  }
}
