import { BerthError } from '../errors.ts';
import { quote } from './quote.ts';
import { parseReference } from './reference.ts';

/** A registry, or a namespace in one, that a person has credentials for. */
export interface RegistryName {
  /** `host` or `host:port`. */
  domain: string;
  /** `host` or `host/namespace`: what containers-auth.json(5) keeps credentials under. */
  key: string;
}

/** Reads `host[:port][/namespace]`. Throws `reference-invalid`. */
export function parseRegistryName(text: string): RegistryName {
  const bare = text.replace(/^(?:https:|docker:)\/\//, '').replace(/\/$/, '');
  const reference = bare === '' ? undefined : parseReference(`${bare}/x`);
  if (reference?.kind !== 'registry' || reference.tag !== 'latest' || reference.digest !== undefined) {
    throw new BerthError('reference-invalid', `not a registry: ${quote(text)}`, {
      hint: 'write it as HOST[:PORT][/NAMESPACE], such as registry.example.com',
    });
  }
  const { domain } = reference;
  const namespace = bare.slice(bare.indexOf('/') + 1);
  return { domain, key: bare.includes('/') ? `${domain}/${namespace}` : domain };
}
