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

// Each is looked up in the image, and compared with all the others.
const MOST_VOLUMES = 256;
const RESERVED = /^\/(?:proc|sys|dev)(?:\/|$)/;

// Names in /var/lib of what root runs or believes: who could write there would have the host.
const STATE_OF_THE_HOST =
  /^(?:NetworkManager|alternatives|apt|berth|containers|dbus|dpkg|extensions|machines|pam|polkit-1|portables|private|rpm|snapd|sudo|systemd|ucf)$/;

/** The host's directory for what a service keeps. */
export function stateDirectory(name: ServiceName): string {
  return `/var/lib/${name}`;
}

/**
 * The volumes that an image declares (OCI image spec, config.md, `Volumes`), sorted. One that lies in
 * another is part of it: the service could put a symlink on the way to a source of its own there, and
 * the runtime and systemd-tmpfiles, which are root, would follow it out of /var/lib/NAME. Throws
 * `image-config-invalid` for a path that is none, or that is not the image's to give, and `limit-exceeded`.
 */
export function imageVolumes(name: ServiceName, volumes: readonly string[]): Volume[] {
  if (volumes.length > MOST_VOLUMES) {
    throw new BerthError('limit-exceeded', `too many volumes: ${volumes.length}, at most ${MOST_VOLUMES}`);
  }
  if (volumes.length > 0 && STATE_OF_THE_HOST.test(name)) {
    throw new BerthError(
      'image-config-invalid',
      `cannot keep the volumes of ${name}: ${stateDirectory(name)} belongs to the system`,
      { hint: 'give the service another name with --name' },
    );
  }
  const destinations = volumes.map((volume) => {
    const path = posix.normalize(volume).replace(/\/+$/, '');
    if (!path.startsWith('/') || /\p{Cc}/u.test(path) || RESERVED.test(path)) {
      throw new BerthError('image-config-invalid', `not a volume: ${JSON.stringify(volume)}`);
    }
    return path;
  });
  return [...new Set(destinations)]
    .filter((path) => !destinations.some((above) => path.startsWith(`${above}/`)))
    .sort()
    .map((destination) => ({ destination, source: stateDirectory(name) + destination }));
}
