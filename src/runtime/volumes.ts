import { posix } from 'node:path';
import { BerthError } from '../errors.ts';
import type { ServiceName } from '../service-name.ts';

/** A directory of the image that outlives deployments. */
export interface Volume {
  /** Where the container sees it. */
  destination: string;
  /** Where the host keeps it: below /var/lib/NAME, under the same path. */
  source: string;
}

const RESERVED = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** The host's directory for what a service keeps. */
export function stateDirectory(name: ServiceName): string {
  return `/var/lib/${name}`;
}

/**
 * The volumes that an image declares (OCI image spec, config.md, `Volumes`), parents before what is
 * in them. Throws `image-config-invalid` for a path that is none, or that is not the image's to give.
 */
export function imageVolumes(name: ServiceName, volumes: readonly string[]): Volume[] {
  const destinations = volumes.map((volume) => {
    const path = posix.normalize(volume).replace(/\/+$/, '');
    if (!path.startsWith('/') || /\p{Cc}/u.test(path) || RESERVED.test(path)) {
      throw new BerthError('image-config-invalid', `not a volume: ${JSON.stringify(volume)}`);
    }
    return path;
  });
  return [...new Set(destinations)]
    .sort()
    .map((destination) => ({ destination, source: stateDirectory(name) + destination }));
}
