import { previousDeployment, readHistory } from '../deployment/history.ts';
import { keptDeployments } from '../deployment/kept-deployments.ts';
import type { DeploymentRecord } from '../deployment/record.ts';
import { BerthError } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { type ImageReference, parseImageReference } from '../reference/image-reference.ts';
import type { ServiceName } from '../service-name.ts';
import { readImageParts } from '../store/image-parts.ts';
import { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { isElsewhere, knownImage } from './named-image.ts';
import { namedDeployment } from './named-services.ts';
import { spelledAsNow } from './open-image.ts';

/** One of two images to compare, and which deployment has it; null for none. */
export interface DiffSide {
  /** Fully qualified. */
  image: string;
  digest: Digest;
  service: ServiceName | null;
  deployment: number | null;
  diffIds: readonly Digest[];
  store: Store;
}

/** What is in a store, or is to be brought into one. */
export type WantedSide = DiffSide | ImageReference;

export interface DiffRequest {
  latest?: boolean;
  previous?: boolean;
}

/**
 * What a command line wants to be compared, the older first: two that it names; or of one, with `latest` what its tag
 * stands for now, and else, for a service, what was live before. Throws `usage`, `service-not-found`, and as `findImage`.
 */
export function diffSides(
  [text, other]: readonly [string, string | undefined],
  { latest = false, previous = false }: DiffRequest,
  context: Context,
): [before: WantedSide, after: WantedSide] {
  if ((other !== undefined || latest) && (previous || (other !== undefined && latest))) {
    throw new BerthError('usage', 'a second image, --previous and --latest exclude each other', {
      hint: 'berth diff NAME --latest',
    });
  }
  if (other !== undefined) return [wantedSide(text, context), wantedSide(other, context)];
  if (latest) {
    const known = knownSide(text, context);
    return [known, parseImageReference(known.image)];
  }
  const record = namedDeployment(text, context.paths);
  if (record !== undefined)
    return [ofDeployment(before(record, context), context), ofDeployment(record, context)];
  if (!isElsewhere(text)) knownImage(text, context);
  throw new BerthError('usage', `one image alone: ${text}: there is nothing to compare it with`, {
    hint: 'name another image, or a service',
  });
}

function wantedSide(text: string, context: Context): WantedSide {
  return isElsewhere(text) ? parseImageReference(spelledAsNow(text, context)) : knownSide(text, context);
}

function knownSide(text: string, context: Context): DiffSide {
  const record = namedDeployment(text, context.paths);
  if (record !== undefined) return ofDeployment(record, context);
  const { name: image, digest, store } = knownImage(text, context);
  return { image, digest, service: null, deployment: null, store, ...readImageParts(store, digest) };
}

function ofDeployment(record: DeploymentRecord, { paths }: Context): DiffSide {
  const { service, number, image, rootfs } = record;
  if (rootfs !== undefined) {
    throw new BerthError('usage', `not of an image: ${service}: it runs on ${rootfs.directory}`, {
      hint: 'name images instead',
    });
  }
  const { name, manifestDigest: digest, diffIds } = image;
  const store = new Store(paths.sideOf(record).store);
  return { image: name, digest, service, deployment: number, diffIds, store };
}

function before(record: DeploymentRecord, { paths }: Context): DeploymentRecord {
  const { service } = record;
  const found = previousDeployment(readHistory(paths, service), keptDeployments(paths, service), record);
  if (found !== undefined) return found;
  throw new BerthError('service-not-found', `cannot compare: ${service}: no other deployment is kept`, {
    hint: `berth diff ${service} --latest`,
  });
}
