import { messageOf } from '../../errors.ts';
import type { Digest } from '../../image/digest.ts';
import type { Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { type PullProgress, pullImage } from '../../layer/pull.ts';
import { ContentCheck } from '../../store/content-check.ts';
import type { Store } from '../../store/store.ts';
import type { ImageSource } from '../../transport/source.ts';
import type { ImageUse } from '../images-in-use.ts';
import { restoreContent } from './restore-content.ts';

export interface RepairHost {
  store: Store;
  platform: Platform;
  limits: Limits;
  signal: AbortSignal;
  /** Where an image comes from again, by name and digest. */
  open(name: string, digest: Digest): ImageSource;
  onProgress(progress: PullProgress): void;
  warn(text: string): void;
}

/**
 * Restores what these images lack in the store: from checkouts that have it whole, else from the
 * registry, by digest. What cannot be restored is told and stays damaged. The caller holds the
 * writer's lock. Throws `interrupted`, `no-space`, `io`.
 */
export async function repairStore(uses: ImageUse[], host: RepairHost): Promise<void> {
  const before = new ContentCheck(host.store, host.signal);
  for (const use of uses) await isWhole(use, before);
  restoreContent(host.store, uses, before);
  const content = new ContentCheck(host.store, host.signal);
  const done = new Set<Digest>();
  for (const use of uses) {
    if (done.has(use.manifestDigest) || (await isWhole(use, content))) continue;
    done.add(use.manifestDigest);
    await pullAgain(use, content, host);
  }
}

async function isWhole({ parts }: ImageUse, content: ContentCheck): Promise<boolean> {
  return parts !== undefined && (await content.image(parts));
}

async function pullAgain(use: ImageUse, content: ContentCheck, host: RepairHost): Promise<void> {
  const { name, manifestDigest, parts } = use;
  const refetch = new Set(parts?.diffIds.filter((diffId) => !content.isWhole(diffId)));
  try {
    const source = host.open(name, manifestDigest);
    try {
      const image = await pullImage(host.store, source, { ...host, refetch });
      if (image.manifestDigest !== manifestDigest) throw new Error(`it is ${image.manifestDigest} now`);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (host.signal.aborted) throw error;
    host.warn(`cannot pull again: ${name}: ${messageOf(error)}`);
  }
}
