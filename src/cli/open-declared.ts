import { type DeploymentRecord, readCurrentRecord } from '../deployment/record.ts';
import type { Paths } from '../paths.ts';
import type { Applied } from '../provision/apply/applied.ts';
import { isAsDeclared, isImageOf, type OpenDeclared } from '../provision/apply/targets.ts';
import type { DeclaredService } from '../provision/declared-service.ts';
import { parseImageReference, placeOf } from '../reference/image-reference.ts';
import { Store } from '../store/store.ts';
import { StoreSource } from '../store/store-source.ts';
import type { ImageSource } from '../transport/source.ts';
import type { Context } from './context.ts';
import { isFixed, type LockedImages, openLocked } from './open-locked.ts';

/** Where images come from that are declared. */
export interface DeclaredImages extends LockedImages {
  /** What digests of a lock came to before. */
  locked: Applied['locked'];
}

/** Opens images that are declared; one that is to stay is in the store of its deployment. */
export function openDeclared(images: DeclaredImages, context: Context): OpenDeclared {
  const openAnew = (image: string) => openLocked(image, images, context);
  // Services of one image change together, and ask for it once.
  const shared = new Map<string, ImageSource>();
  return (service, before) => {
    const { image } = service;
    if (before === undefined) return openAnew(image);
    // What is made anew of the vendor's image needs it in the host's own store.
    if (stays(service, before, images) && (!before.vendor || isAsDeclared(service, before))) {
      const store = new Store(context.paths.sideOf(before).store);
      return new StoreSource(before.image.name, before.image.manifestDigest, store);
    }
    const source = shared.get(image) ?? openAnew(image);
    shared.set(image, source);
    return source;
  };
}

/** True for a service whose image is not at hand: a registry is to be asked for it. */
export function asksElsewhere(service: DeclaredService, images: DeclaredImages, paths: Paths): boolean {
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
