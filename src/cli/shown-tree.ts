import { join } from 'node:path';
import type { ShownTree } from '../deployment/mounts/mount-record.ts';
import { checkout } from '../deployment/plan/checkout.ts';
import { type DeploymentRecord, listServices, readCurrentRecord } from '../deployment/record.ts';
import { BerthError } from '../errors.ts';
import { ImageTrees } from '../layer/image-trees.ts';
import type { PulledImage } from '../layer/pull.ts';
import { linkTree } from '../linux/link-tree.ts';
import type { Paths } from '../paths.ts';
import { parseImageReference } from '../reference/image-reference.ts';
import { findImage } from '../store/find-image.ts';
import { readImages, recordImage, type StoredImage } from '../store/images.ts';
import type { Store } from '../store/store.ts';
import { StoreSource } from '../store/store-source.ts';
import type { Context } from './context.ts';
import { spelledAsNow } from './open-image.ts';
import { pullFrom, pullToStore } from './pull-to-store.ts';

export interface ShownTreeOptions {
  /** Where it is made, with links to files that may go elsewhere. */
  place: string;
  store: Store;
  authfile: string | undefined;
}

/**
 * The root file system of the service, or else of the image that a word on a command line means; one that berth does
 * not change is used where it lies. An image that is not in the store is pulled. The caller holds the writer's lock.
 * Throws as `pullImage`.
 */
export async function makeShownTree(
  text: string,
  options: ShownTreeOptions,
  context: Context,
): Promise<ShownTree> {
  const service = listServices(context.paths).find((each) => each === text.replace(/\.service$/, ''));
  const record = service === undefined ? undefined : readCurrentRecord(context.paths, service);
  return record === undefined
    ? await ofImage(text, options, context)
    : await ofService(record, options.place, context.paths);
}

async function ofService(record: DeploymentRecord, place: string, paths: Paths): Promise<ShownTree> {
  const { service, number, rootfs, image } = record;
  const shown = { service, image: image.name, digest: image.manifestDigest };
  if (rootfs !== undefined) return { ...shown, tree: paths.follow(rootfs.directory) };
  const tree = join(paths.sideOf(record).deployment(service, number), 'rootfs');
  if (record.vendor) return { ...shown, tree };
  // An update or an uninstall may take the deployment away.
  await linkTree(tree, place);
  return { ...shown, tree: place };
}

async function ofImage(text: string, options: ShownTreeOptions, context: Context): Promise<ShownTree> {
  const { place, store, authfile } = options;
  const trees = new ImageTrees(store);
  const stored = findStored(store, text);
  let image: PulledImage;
  if (stored === undefined) {
    const reference = parseImageReference(spelledAsNow(text, context));
    try {
      image = await pullToStore(reference, store, { authfile, trees }, context);
    } catch (error) {
      throw orNoService(error, text);
    }
    recordImage(store, image.stored);
  } else {
    image = await pullFrom(new StoreSource(stored.name, stored.digest, store), store, { trees }, context);
  }
  await checkout(store, trees.of(image.diffIds), place);
  return { service: null, image: image.name, digest: image.manifestDigest, tree: place };
}

function findStored(store: Store, text: string): StoredImage | undefined {
  try {
    return findImage(readImages(store), text);
  } catch (error) {
    if (error instanceof BerthError && error.code === 'image-not-found') return undefined;
    throw error;
  }
}

/** A word without a registry may have been meant for a service. */
function orNoService(error: unknown, text: string): unknown {
  if (!(error instanceof BerthError && error.code === 'short-name-unresolved')) return error;
  return new BerthError(error.code, `no such service, and ${error.message}`, {
    hint: `of services: berth list; of an image: its name with a registry, REGISTRY/${text}`,
    cause: error,
  });
}
