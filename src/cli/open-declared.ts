import { isImageOf, type OpenDeclared } from '../provision/apply/targets.ts';
import { type ImageReference, parseImageReference } from '../reference/image-reference.ts';
import type { Store } from '../store/store.ts';
import { StoreSource } from '../store/store-source.ts';
import type { Bundle } from '../transport/bundle/open-bundle.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';

export interface DeclaredImageOptions {
  bundle: Bundle | undefined;
  authfile: string | undefined;
  store: Store;
}

/**
 * Where images come from that host.yaml declares. One that can be no other than the one that is installed is
 * not asked for: it is in the store.
 */
export function openDeclared(
  { bundle, authfile, store }: DeclaredImageOptions,
  context: Context,
): OpenDeclared {
  return (service, before) => {
    const reference = parseImageReference(service.image);
    const stays = service.update === 'pinned' || isFixed(reference);
    if (before !== undefined && stays && isImageOf(service, before)) {
      return new StoreSource(before.image.name, before.image.manifestDigest, store);
    }
    return bundle?.open(service.image) ?? openImage(reference, authfile, context);
  };
}

function isFixed(reference: ImageReference): boolean {
  return 'digest' in reference && reference.digest !== undefined;
}
