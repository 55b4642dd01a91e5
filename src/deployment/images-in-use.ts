import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { type ImageParts, readImageParts } from '../store/image-parts.ts';
import { readImages } from '../store/images.ts';
import type { StoreNeeds } from '../store/prune.ts';
import type { Store } from '../store/store.ts';
import { checkoutOf } from './foreign-rootfs.ts';
import {
  type BundleFile,
  type DeploymentRecord,
  listDeployments,
  listServices,
  readRecord,
} from './record.ts';

/** An image that something on this system needs. */
export interface ImageUse {
  /** Fully qualified, as it can be pulled again. */
  name: string;
  manifestDigest: Digest;
  /** Undefined when the store is damaged so that it does not say. */
  parts: ImageParts | undefined;
  /** The deployment that uses it; undefined for a name in the list of images. */
  deployment: { service: ServiceName; directory: string; checkout: string; bundle: BundleFile[] } | undefined;
}

/**
 * The images of all deployments that are kept, current or not. `damaged` hears of a record that cannot
 * be read, and decides whether the others are of any use without it; by default they are not.
 */
export function imagesOfDeployments(paths: Paths, damaged: (error: BerthError) => void = fail): ImageUse[] {
  return listServices(paths).flatMap((service) =>
    listDeployments(paths, service).flatMap((number) => {
      const record = tryRecord(paths, service, number, damaged);
      if (record === undefined) return [];
      const { image, bundle, rootfs } = record;
      const directory = paths.deployment(service, number);
      const checkout = checkoutOf(directory, rootfs);
      return { ...image, parts: image, deployment: { service, directory, checkout, bundle } };
    }),
  );
}

/** The images that have a name. Throws `store-damaged` when the list of them is. */
export function imagesWithNames(store: Store): ImageUse[] {
  return readImages(store).map(({ name, digest }) => ({
    name,
    manifestDigest: digest,
    parts: tryParts(store, digest),
    deployment: undefined,
  }));
}

/** Those of which there is a deployment, under whatever names: what a prune of all keeps. */
export function deployedImages(uses: readonly ImageUse[]): ImageUse[] {
  const deployed = new Set(uses.flatMap((use) => (use.deployment === undefined ? [] : use.manifestDigest)));
  return uses.filter(({ manifestDigest }) => deployed.has(manifestDigest));
}

/** What a store must keep for these images. Throws `store-damaged` when one does not say what it needs. */
export function needsOf(uses: readonly ImageUse[]): StoreNeeds {
  const layers = new Set<Digest>();
  const blobs = new Set<Digest>();
  for (const { name, manifestDigest, parts, deployment } of uses) {
    if (parts === undefined) {
      throw new BerthError(
        'store-damaged',
        `cannot tell what is needed: ${name}: its manifest ${manifestDigest} or its config is damaged`,
        { hint: 'berth fsck --repair' },
      );
    }
    for (const digest of parts.diffIds) layers.add(digest);
    for (const digest of [parts.manifestDigest, parts.configDigest]) blobs.add(digest);
    for (const { digest } of deployment?.bundle ?? []) blobs.add(digest);
  }
  return { layers, blobs };
}

function fail(error: BerthError): never {
  throw error;
}

function tryRecord(
  paths: Paths,
  service: ServiceName,
  number: number,
  damaged: (error: BerthError) => void,
): DeploymentRecord | undefined {
  try {
    return readRecord(paths, service, number);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'deployment-damaged') throw error;
    damaged(error);
    return undefined;
  }
}

function tryParts(store: Store, manifestDigest: Digest): ImageParts | undefined {
  try {
    return readImageParts(store, manifestDigest);
  } catch (error) {
    if (error instanceof BerthError && error.code === 'store-damaged') return undefined;
    throw error;
  }
}
