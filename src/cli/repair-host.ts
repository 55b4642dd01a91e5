import type { RepairHost } from '../deployment/verify/repair-store.ts';
import { readLimits } from '../image/limits.ts';
import { hostPlatform } from '../image/platform.ts';
import { formatReference, parseReference } from '../reference/reference.ts';
import type { Store } from '../store/store.ts';
import { openSource } from '../transport/open-source.ts';
import type { Context } from './context.ts';
import { PullReport } from './progress.ts';

/** What a repair of the store pulls images again with. */
export function repairHost(context: Context, store: Store, authFile: string | undefined): RepairHost {
  const { paths, env, output, signal } = context;
  const settings = context.settings();
  const pull = new PullReport(output);
  return {
    store,
    platform: hostPlatform(),
    limits: readLimits(settings.limits),
    signal,
    open: (name, digest) => {
      const reference = { ...parseReference(name), digest };
      // By digest: what the tag stands for may have changed since.
      return openSource(parseReference(formatReference(reference)), {
        paths,
        env,
        registries: settings.registries,
        authFile,
      });
    },
    onProgress: (progress) => pull.show(progress),
    warn: (text) => output.warn(text),
  };
}
