import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { readBlob } from '../../store/blob.ts';
import { readStoredConfig, readStoredManifest } from '../../store/image-parts.ts';
import { readImages, rebuildImages, type StoredImage } from '../../store/images.ts';
import { prune } from '../../store/prune.ts';
import type { Store } from '../../store/store.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import { type ImageUse, imagesOfDeployments, imagesWithNames, needsOf } from '../images-in-use.ts';
import { type RepairHost, repairStore } from './repair-store.ts';

/**
 * Restores all that kept deployments and names of images need, then removes what nothing needs: the
 * damaged is among it. A list of images that cannot be read is made again from the deployments.
 * The caller holds the writer's lock. Throws as `repairStore`.
 */
export async function repairWholeStore(paths: Paths, host: RepairHost): Promise<void> {
  const { store, warn } = host;
  const deployed = imagesOfDeployments(paths, ({ message }) => warn(message));
  const listed = isListed(store);
  await repairStore(listed ? [...deployed, ...imagesWithNames(store)] : deployed, host);
  if (!listed)
    rebuildImages(
      store,
      deployed.flatMap((use) => describeStored(store, use)),
    );
  try {
    prune(store, needsOf([...imagesOfDeployments(paths), ...imagesWithNames(store)]), { dryRun: false });
  } catch (error) {
    // Nothing goes as long as it is not certain what is needed.
    if (!(error instanceof BerthError) || !/^(store|deployment)-damaged$/.test(error.code)) throw error;
    warn(`nothing is removed: ${error.message}`);
  }
}

function isListed(store: Store): boolean {
  try {
    readImages(store);
    return true;
  } catch (error) {
    if (error instanceof BerthError && error.code === 'store-damaged') return false;
    throw error;
  }
}

function describeStored(store: Store, { name, manifestDigest, parts }: ImageUse): StoredImage[] {
  if (isRootfsImageName(name)) return [];
  try {
    const { mediaType, config } = readStoredManifest(store, manifestDigest);
    const { os, architecture, variant } = readStoredConfig(store, parts?.configDigest ?? config.digest);
    const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    const size = readBlob(store, manifestDigest).length;
    return [{ name, mediaType, digest: manifestDigest, size, platform }];
  } catch (error) {
    if (error instanceof BerthError && error.code === 'store-damaged') return [];
    throw error;
  }
}
