import { BerthError } from '../errors.ts';
import type { RegistrySettings } from '../settings.ts';
import { formatReference, parseReference, type RegistryReference } from './reference.ts';
import type { Registries, RegistryEntry } from './registries.ts';

/** A place that an image can be fetched from. */
export interface Endpoint {
  /** The name of the image there. */
  reference: RegistryReference;
  /** Declared so: plain HTTP, or a certificate nobody signed, will do. */
  insecure: boolean;
}

/**
 * Where to fetch an image, mirrors first (registries.conf(5), "Remapping and mirroring registries").
 * The last is the image's own registry. Throws `registry-blocked`, and `registries-conf-invalid`
 * for a location that makes no name.
 */
export function endpointsOf(
  reference: RegistryReference,
  settings: RegistrySettings,
  registries: Registries,
): [Endpoint, ...Endpoint[]] {
  const match = longestMatch(reference, registries.entries);
  const declared = (domain: string): boolean => settings.insecure.includes(domain);
  if (match === undefined) return [{ reference, insecure: declared(reference.domain) }];
  const { entry, length } = match;
  if (entry.blocked) {
    throw new BerthError('registry-blocked', `pulls are blocked: ${formatReference(reference)}`, {
      hint: `registries.conf blocks ${entry.prefix}`,
    });
  }
  const isDigest = reference.digest !== undefined;
  const at = ({ location, insecure }: { location: string; insecure: boolean }): Endpoint => {
    const moved = location.startsWith('*.') ? reference : relocate(reference, location, length);
    // An entry's `insecure` is about what its prefix leads to; berth.yaml's is about a host.
    return { reference: moved, insecure: insecure || declared(moved.domain) };
  };
  const [first, ...others] = entry.mirrors
    .filter((mirror) => mirror.pulls === 'all' || (mirror.pulls === 'digest-only') === isDigest)
    .map(at);
  return first === undefined ? [at(entry)] : [first, ...others, at(entry)];
}

function longestMatch(
  reference: RegistryReference,
  entries: RegistryEntry[],
): { entry: RegistryEntry; length: number } | undefined {
  let best: { entry: RegistryEntry; length: number } | undefined;
  for (const entry of entries) {
    const length = matchedLength(reference, entry.prefix);
    if (length > 0 && written(entry) > (best === undefined ? 0 : written(best.entry))) {
      best = { entry, length };
    }
  }
  return best;
}

/** A wildcard covers a whole host, and still says less than that host's name. */
function written({ prefix }: RegistryEntry): number {
  return prefix.startsWith('*') ? prefix.length - 1 : prefix.length;
}

/** How much of the name a prefix covers; 0 when it is about other names. */
function matchedLength(reference: RegistryReference, prefix: string): number {
  if (prefix.startsWith('*.')) {
    const host = reference.domain.replace(/:[0-9]+$/, '');
    return host.endsWith(prefix.slice(1)) ? reference.domain.length : 0;
  }
  const name = formatReference(reference);
  if (!name.startsWith(prefix)) return 0;
  // After `host` comes `:port` of another registry, so a prefix that ends within the domain is none.
  const next = name.slice(prefix.length, prefix.length + 1);
  const isBoundary = next === '' || next === '/' || (prefix.includes('/') && (next === ':' || next === '@'));
  return isBoundary ? prefix.length : 0;
}

function relocate(reference: RegistryReference, location: string, length: number): RegistryReference {
  const text = location + formatReference(reference).slice(length);
  const moved = parseReference(text);
  if (moved.kind !== 'registry') {
    throw new BerthError('registries-conf-invalid', `not a location: ${location}: it names no registry`);
  }
  return moved;
}
