import type { HostLock } from '../provision/lock/host-lock.ts';
import { LockedSource } from '../provision/lock/locked-source.ts';
import { parseImageReference, pinned } from '../reference/image-reference.ts';
import type { ImageSource } from '../transport/source.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';

/** Where an image comes from; one that a lock names is the one of its digest there. Throws as `openSource`. */
export function openLocked(
  image: string,
  lock: HostLock | undefined,
  authFile: string | undefined,
  context: Context,
): ImageSource {
  const reference = parseImageReference(image);
  const digest = lock?.get(image);
  const isFixed = 'digest' in reference && reference.digest !== undefined;
  if (digest === undefined || isFixed) return openImage(reference, authFile, context);
  return new LockedSource(openImage(pinned(reference, digest), authFile, context), digest);
}
