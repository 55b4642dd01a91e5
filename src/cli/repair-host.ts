import type { RepairHost } from '../deployment/verify/repair-store.ts';
import { readLimits } from '../image/limits.ts';
import { targetPlatform } from '../image/target-platform.ts';
import { parseImageReference, pinned } from '../reference/image-reference.ts';
import { loadSettings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import { isRootfsImageName } from '../transport/rootfs/rootfs-image-name.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';
import { PullReport } from './progress.ts';

/** What a repair of the store pulls images again with. */
export function repairHost(context: Context, store: Store, authFile: string | undefined): RepairHost {
  const { output, signal } = context;
  const settings = loadSettings(context.paths);
  const pull = new PullReport(output);
  return {
    store,
    platform: targetPlatform(context.paths),
    limits: readLimits(settings.limits),
    signal,
    open: (name, digest) => {
      if (isRootfsImageName(name)) throw new Error('it came from a directory, not from a registry');
      // By digest: what the tag stands for may have changed since.
      return openImage(pinned(parseImageReference(name), digest), authFile, context);
    },
    onProgress: (progress) => pull.show(progress),
    warn: (text) => output.warn(text),
  };
}
