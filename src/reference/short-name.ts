import { BerthError } from '../errors.ts';
import type { RegistrySettings } from '../settings.ts';
import {
  formatReference,
  parseReference,
  qualify,
  type RegistryReference,
  type ShortReference,
} from './reference.ts';
import type { Registries } from './registries.ts';

/**
 * The full names that a short name may stand for, to be tried in this order; never empty.
 *
 * berth.yaml goes before registries.conf: distributions ship aliases there (Debian has one for
 * `docker`) that a host's own choice of registries must not lose to.
 * Throws `short-name-unresolved`, and `reference-invalid` for an alias or a registry that makes no name.
 */
export function resolveShortName(
  short: ShortReference,
  settings: RegistrySettings,
  registries: Registries,
): [RegistryReference, ...RegistryReference[]] {
  const ownAlias = Object.hasOwn(settings.aliases, short.path) ? settings.aliases[short.path] : undefined;
  if (ownAlias !== undefined) return [fromAlias(short, ownAlias)];
  const [preferred, ...alternatives] = candidatesOf(short, settings.search);
  if (preferred !== undefined) return [preferred, ...alternatives];

  const alias = registries.aliases.get(short.path);
  if (alias !== undefined) return [fromAlias(short, alias)];
  const [first, ...others] = candidatesOf(short, registries.search);
  if (first === undefined) throw unresolved(short);
  // Where podman would ask, berth does not: a service's image must not hang on who answers first.
  if (registries.shortNameMode === 'enforcing' && others.length > 0)
    throw ambiguous(short, [first, ...others]);
  return [first, ...others];
}

function candidatesOf(short: ShortReference, registries: string[]): RegistryReference[] {
  return registries.map((registry) => qualify(short, registry));
}

function fromAlias(short: ShortReference, alias: string): RegistryReference {
  const target = parseReference(alias);
  if (target.kind !== 'registry' || target.digest !== undefined) {
    throw new BerthError('reference-invalid', `not a full name: ${alias}: the alias of ${short.path}`, {
      hint: 'an alias is a registry and a name, without tag and digest',
    });
  }
  return qualify({ ...short, path: target.path }, target.domain);
}

function unresolved(short: ShortReference): BerthError {
  return new BerthError(
    'short-name-unresolved',
    `no registry to look in: ${formatReference(short)}: neither berth.yaml nor registries.conf names one`,
    {
      hint: `name the registry (REGISTRY/${formatReference(short)}), or set registries.search in /etc/berth/berth.yaml`,
    },
  );
}

function ambiguous(short: ShortReference, candidates: RegistryReference[]): BerthError {
  const names = candidates.map(formatReference);
  return new BerthError(
    'short-name-unresolved',
    `more than one image may be meant: ${formatReference(short)}: ${names.join(', ')}`,
    { hint: `say which, such as ${names[0]}, or set registries.aliases in /etc/berth/berth.yaml` },
  );
}
