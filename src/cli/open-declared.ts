import { type DeploymentRecord, readCurrentRecord } from '../deployment/record.ts';
import type { Paths } from '../paths.ts';
import type { Applied } from '../provision/apply/applied.ts';
import { isAsDeclared, isImageOf, type OpenDeclared } from '../provision/apply/targets.ts';
import type { DeclaredService } from '../provision/declared-service.ts';
import type { HostLock } from '../provision/lock/host-lock.ts';
import { LockedSource } from '../provision/lock/locked-source.ts';
import { type ImageReference, parseImageReference, pinned, placeOf } from '../reference/image-reference.ts';
import { Store } from '../store/store.ts';
import { StoreSource } from '../store/store-source.ts';
import type { Bundle } from '../transport/bundle/open-bundle.ts';
import type { ImageSource } from '../transport/source.ts';
import type { Context } from './context.ts';
import { openImage } from './open-image.ts';

/** Where images come from that are declared. */
export interface DeclaredImages {
  bundle: Bundle | undefined;
  lock: HostLock | undefined;
  /** What digests of a lock came to before. */
  locked: Applied['locked'];
  authfile: string | undefined;
  store: Store;
}

/** Opens images that are declared; one that is to stay is in the store. */
export function openDeclared(images: DeclaredImages, context: Context): OpenDeclared {
  const { bundle, lock, authfile, store } = images;
  const openAnew = (image: string): ImageSource => {
    const reference = parseImageReference(image);
    const digest = isFixed(reference) ? undefined : lock?.get(image);
    if (digest === undefined) return bundle?.open(image) ?? openImage(reference, authfile, context);
    const source = bundle?.open(image) ?? openImage(pinned(tagged(reference), digest), authfile, context);
    return new LockedSource(source, digest);
  };
  // Services of one image change together, and ask for it once.
  const shared = new Map<string, ImageSource>();
  return (service, before) => {
    const { image } = service;
    if (before === undefined) return openAnew(image);
    if (stays(service, before, images)) {
      const kept = before.vendor ? new Store(context.paths.sideOf(before).store) : store;
      // What is made anew of the vendor's image needs it in the host's own store.
      if (kept === store || isAsDeclared(service, before)) {
        return new StoreSource(before.image.name, before.image.manifestDigest, kept);
      }
    }
    const source = shared.get(image) ?? openAnew(image);
    shared.set(image, source);
    return source;
  };
}

/** True for a service whose image is not at hand: a registry is to be asked for it. */
export function asksElsewhere(
  service: DeclaredService,
  images: Omit<DeclaredImages, 'store'>,
  paths: Paths,
): boolean {
  const before = readCurrentRecord(paths, service.name);
  if (images.bundle !== undefined || (before !== undefined && stays(service, before, images))) return false;
  return placeOf(parseImageReference(service.image)) === undefined;
}

/** True where the image of a deployment is the one that is declared, and no tag can make it another. */
function stays(
  service: DeclaredService,
  before: DeploymentRecord,
  { lock, locked }: Pick<DeclaredImages, 'lock' | 'locked'>,
): boolean {
  if (!isImageOf(service, before)) return false;
  if (isFixed(parseImageReference(service.image))) return true;
  const digest = lock?.get(service.image);
  return digest === undefined ? service.update === 'pinned' : locked[digest] === before.image.manifestDigest;
}

function isFixed(reference: ImageReference): boolean {
  return 'digest' in reference && reference.digest !== undefined;
}

/** A reference with a digest alone has no tag; without one, it has a tag that need not be written. */
function tagged(reference: ImageReference): ImageReference {
  const isOfRegistry = reference.kind === 'registry' || reference.kind === 'short';
  return isOfRegistry ? { ...reference, tag: reference.tag ?? 'latest' } : reference;
}
