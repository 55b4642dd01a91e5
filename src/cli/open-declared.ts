import { type DeploymentRecord, readCurrentRecord } from '../deployment/record.ts';
import type { Paths } from '../paths.ts';
import { isImageOf, type OpenDeclared } from '../provision/apply/targets.ts';
import type { DeclaredService } from '../provision/declared-service.ts';
import { parseImageReference, placeOf } from '../reference/image-reference.ts';
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

/** Where images come from that are declared; one that is to stay is in the store. */
export function openDeclared(
  { bundle, authfile, store }: DeclaredImageOptions,
  context: Context,
): OpenDeclared {
  return (service, before) => {
    if (before !== undefined && stays(service, before)) {
      return new StoreSource(before.image.name, before.image.manifestDigest, store);
    }
    return bundle?.open(service.image) ?? openImage(parseImageReference(service.image), authfile, context);
  };
}

/** True for a service whose image is not at hand: it is to be asked for in a registry. */
export function asksElsewhere(service: DeclaredService, paths: Paths): boolean {
  const before = readCurrentRecord(paths, service.name);
  if (before !== undefined && stays(service, before)) return false;
  return placeOf(parseImageReference(service.image)) === undefined;
}

/** True where the image of a deployment is the one that is declared, and no tag can make it another. */
function stays(service: DeclaredService, before: DeploymentRecord): boolean {
  const reference = parseImageReference(service.image);
  const isFixed = 'digest' in reference && reference.digest !== undefined;
  return (service.update === 'pinned' || isFixed) && isImageOf(service, before);
}
