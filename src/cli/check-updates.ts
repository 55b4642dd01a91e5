import type { DeploymentRecord } from '../deployment/record.ts';
import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { readLimits } from '../image/limits.ts';
import { targetPlatform } from '../image/target-platform.ts';
import { lookUpImage } from '../layer/look-up.ts';
import { parseImageReference } from '../reference/image-reference.ts';
import type { ServiceName } from '../service-name.ts';
import { loadSettings } from '../settings.ts';
import { isRootfsImageName } from '../transport/rootfs/rootfs-image-name.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';

/** What the name of a service's image stands for now. */
export interface AvailableUpdate {
  /** False where that is what is installed. */
  available: boolean;
  /** Of the manifest. */
  digest: Digest;
}

/**
 * Asks where the images of services come from; no layer is fetched. Of one that cannot be asked for, the reason is said,
 * and there is no answer. Throws `interrupted`.
 */
export async function checkUpdates(
  records: readonly DeploymentRecord[],
  context: Context,
): Promise<Map<ServiceName, AvailableUpdate>> {
  const { paths, output, signal } = context;
  const options = { platform: targetPlatform(paths), limits: readLimits(loadSettings(paths).limits), signal };
  const found = new Map<ServiceName, AvailableUpdate>();
  for (const { service, image } of records.filter((record) => !isRootfsImageName(record.image.name))) {
    const source = openImage(parseImageReference(image.name), undefined, context);
    try {
      const { digest } = (await lookUpImage(source, options)).descriptor;
      found.set(service, { available: digest !== image.manifestDigest, digest });
    } catch (error) {
      if (!(error instanceof BerthError) || error.code === 'interrupted') throw error;
      output.warn(`${service}: ${error.message}`);
    } finally {
      await source.close();
    }
  }
  return found;
}
