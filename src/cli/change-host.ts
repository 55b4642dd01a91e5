import { refuse } from '../deployment/history.ts';
import type { UpdateHost } from '../deployment/plan/update.ts';
import { readLimits } from '../image/limits.ts';
import { targetPlatform } from '../image/target-platform.ts';
import { loadSettings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { PullReport } from './progress.ts';

/** What installs and updates work with, with the settings of the host. */
export function changeHost(
  context: Context,
  store: Store,
  { skipRefused }: Pick<UpdateHost, 'skipRefused'>,
): UpdateHost {
  const { paths, output, signal } = context;
  const { limits, readinessLimit } = loadSettings(paths);
  const pull = new PullReport(output);
  return {
    paths,
    store,
    systemd: context.systemd(),
    platform: targetPlatform(paths),
    limits: readLimits(limits),
    readinessLimit,
    signal,
    skipRefused,
    onRefused: (name, refusal) => refuse(paths, name, refusal),
    onProgress: (progress) => pull.show(progress),
    warn: (text) => output.warn(text),
  };
}
