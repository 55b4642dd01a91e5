import { listServices, readCurrentRecord } from '../deployment/record.ts';
import type { Digest } from '../image/digest.ts';
import { findImage } from '../store/find-image.ts';
import { readImages } from '../store/images.ts';
import { Store } from '../store/store.ts';
import type { Context } from './context.ts';

/** An image, and the store that has it. */
export interface NamedImage {
  store: Store;
  /** Fully qualified. */
  name: string;
  digest: Digest;
}

/** The image that a word on a command line means: that of an installed service, else one of the store. Throws as `findImage`. */
export function namedImage(text: string, context: Context): NamedImage {
  const service = listServices(context.paths).find((each) => each === text.replace(/\.service$/, ''));
  const record = service === undefined ? undefined : readCurrentRecord(context.paths, service);
  const store = new Store(context.paths.sideOf(record ?? {}).store);
  return record === undefined
    ? { ...findImage(readImages(store), text), store }
    : { name: record.image.name, digest: record.image.manifestDigest, store };
}
