import { basename } from 'node:path';
import { BerthError, messageOf } from '../errors.ts';
import { parseServiceName, type ServiceName } from '../service-name.ts';
import { formatImageReference, type ImageReference } from './image-reference.ts';

/** How the names of archives end: `etcd.tar.gz`. */
const ENDING = /(?:\.(?:tar|oci|docker|tgz|tbz2?|txz|tzst))?(?:\.(?:gz|bz2|xz|zst))?$/i;

/**
 * The name that a service gets when nobody names it: the last part of the image's name, else the name
 * of its file or directory. Throws `service-name-invalid` where that makes none.
 */
export function defaultServiceName(reference: ImageReference): ServiceName {
  try {
    return parseServiceName(lastPart(reference));
  } catch (cause) {
    throw new BerthError(
      'service-name-invalid',
      `no name for a service: ${formatImageReference(reference)}: ${messageOf(cause)}`,
      { hint: 'say one, with --name', cause },
    );
  }
}

function lastPart(reference: ImageReference): string {
  switch (reference.kind) {
    case 'registry':
    case 'short':
      return basename(reference.path);
    case 'oci':
    case 'oci-archive':
    case 'docker-archive':
      return reference.name === undefined || isTag(reference.name)
        ? withoutEnding(reference.path)
        : withoutTag(reference.name);
    case 'dir':
      return withoutEnding(reference.path);
    case 'docker-daemon':
      // An ID is no name.
      return /^sha(256|512):/.test(reference.image) ? '' : withoutTag(reference.image);
    case 'ostree':
      return withoutTag(reference.ref);
  }
}

/** Tools name an image in a layout by its whole name or by its tag alone, which says nothing. */
function isTag(name: string): boolean {
  return /^(?:latest|v?[0-9][\w.-]*)$/.test(name);
}

function withoutTag(name: string): string {
  return basename(name).replace(/[:@].*$/s, '');
}

function withoutEnding(path: string): string {
  return basename(path).replace(ENDING, '');
}
