import { posix } from 'node:path';
import { quote } from '../../reference/quote.ts';
import { isPlainPath } from '../../runtime/check-config.ts';
import { OWN } from '../../runtime/check-mounts.ts';
import type { HostMount } from '../../runtime/host-mounts.ts';
import type { Mistakes } from './mistakes.ts';
import { at, isTrue, type TreeMapping } from './tree.ts';

/** The mounts of a service; what cannot be mounted becomes a mistake. */
export function readMounts(service: TreeMapping, path: string, mistakes: Mistakes): HostMount[] {
  const mounts = new Map<string, HostMount>();
  for (const item of at(service, 'mounts', 'list')?.items ?? []) {
    if (item.kind !== 'mapping') continue;
    const [source, destination] = [at(item, 'source', 'scalar'), at(item, 'destination', 'scalar')];
    for (const [end, causeAgainst] of [
      [source, againstSource],
      [destination, againstDestination],
    ] as const) {
      const cause = end === undefined ? undefined : (againstPath(end.text) ?? causeAgainst(end.text));
      if (cause !== undefined)
        mistakes.add(end?.position ?? item.position, `${path}.mounts: ${quote(end?.text)}: ${cause}`);
    }
    if (source === undefined || destination === undefined) continue;
    const place = posix.resolve(destination.text);
    const taken = mounts.get(place);
    if (taken !== undefined) {
      mistakes.add(
        destination.position,
        `${path}.mounts: ${quote(destination.text)}: ${quote(taken.source)} is mounted there already: one mount for each destination`,
      );
    }
    const readOnly = at(item, 'readOnly', 'scalar');
    mounts.set(place, {
      source: posix.resolve(source.text),
      destination: place,
      readOnly: readOnly !== undefined && isTrue(readOnly),
    });
  }
  return [...mounts.values()];
}

function againstPath(path: string): string | undefined {
  return isPlainPath(path)
    ? undefined
    : 'write an absolute path without "//", "." and "..", such as /srv/www';
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
