import type { HostLock } from '../provision/lock/host-lock.ts';
import { LockedSource } from '../provision/lock/locked-source.ts';
import { type ImageReference, parseImageReference, pinned } from '../reference/image-reference.ts';
import type { Bundle } from '../transport/bundle/open-bundle.ts';
import type { ImageSource } from '../transport/source.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';

export interface LockedImages {
  /** Where images come from instead of elsewhere. */
  bundle?: Bundle | undefined;
  lock: HostLock | undefined;
  authfile: string | undefined;
}

/** Where an image comes from that is declared; one that the lock names is the one of its digest there. Throws as `openSource` and `Bundle.open`. */
export function openLocked(
  image: string,
  { bundle, lock, authfile }: LockedImages,
  context: Context,
): ImageSource {
  const reference = parseImageReference(image);
  const digest = isFixed(reference) ? undefined : lock?.get(image);
  if (digest === undefined) return bundle?.open(image) ?? openImage(reference, authfile, context);
  const source = bundle?.open(image) ?? openImage(pinned(tagged(reference), digest), authfile, context);
  return new LockedSource(source, digest);
}

/** True for a reference that no tag can make mean another image. */
export function isFixed(reference: ImageReference): boolean {
  return 'digest' in reference && reference.digest !== undefined;
}

/** A reference with a digest alone has no tag; without one, it has a tag that need not be written. */
function tagged(reference: ImageReference): ImageReference {
  const isOfRegistry = reference.kind === 'registry' || reference.kind === 'short';
  return isOfRegistry ? { ...reference, tag: reference.tag ?? 'latest' } : reference;
}
