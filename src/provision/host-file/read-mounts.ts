import { posix } from 'node:path';
import { quote } from '../../reference/quote.ts';
import { isPlainPath } from '../../runtime/check-config.ts';
import { OWN } from '../../runtime/check-mounts.ts';
import type { HostMount } from '../../runtime/host-mounts.ts';
import type { Mistakes } from './mistakes.ts';
import { at, isTrue, type TreeMapping, type TreeScalar } from './tree.ts';

const NOT_PLAIN = 'write an absolute path without "//", "." and "..", such as /srv/www';

/** The mounts of a service; what cannot be mounted becomes a mistake. */
export function readMounts(service: TreeMapping, path: string, mistakes: Mistakes): HostMount[] {
  const mounts = new Map<string, HostMount>();
  for (const item of at(service, 'mounts', 'list')?.items ?? []) {
    if (item.kind !== 'mapping') continue;
    const source = readPath(at(item, 'source', 'scalar'), againstSource);
    const destination = readPath(at(item, 'destination', 'scalar'), (place) => {
      const taken = mounts.get(place)?.source;
      return taken === undefined
        ? againstDestination(place)
        : `${quote(taken)} is mounted there: leave one out`;
    });
    const readOnly = at(item, 'readOnly', 'scalar');
    if (source === undefined || destination === undefined) continue;
    mounts.set(destination, { source, destination, readOnly: readOnly !== undefined && isTrue(readOnly) });
  }
  return [...mounts.values()];

  function readPath(scalar: TreeScalar | undefined, against: (path: string) => string | undefined) {
    if (scalar === undefined) return undefined;
    const { position, text } = scalar;
    const plain = posix.resolve('/', text);
    const cause = isPlainPath(text) ? against(plain) : NOT_PLAIN;
    if (cause === undefined) return plain;
    mistakes.add(position, `${path}.mounts: ${quote(text)}: ${cause}`);
    return undefined;
  }
}

function againstSource(path: string): string | undefined {
  if (path.startsWith('/proc/'))
    return 'it is another one for each process: mount /proc itself, or what is elsewhere';
  const own = OWN.find((directory) => `${path}/`.startsWith(`${directory}/`));
  return own === undefined ? undefined : `${own} belongs to berth: keep the files elsewhere`;
}

function againstDestination(path: string): string | undefined {
  if (path === '/') return 'it would hide the image: name a directory in it';
  return /^\/(?:proc|sys)(?:\/|$)|^\/dev$/.test(path)
    ? 'it belongs to the kernel: mount elsewhere, such as below /host'
    : undefined;
}
