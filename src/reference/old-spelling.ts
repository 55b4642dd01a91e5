import { existsSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import { parseReference } from './reference.ts';

/**
 * What an image is called today that published instructions for atomic(1) call `docker:NAME` (of the
 * Docker daemon), `dockertar:PATH`, or `oci:NAME` (in a registry); everything else stays as it is.
 */
export function currentSpelling(text: string): string {
  const [, transport, rest = ''] = /^(docker|dockertar|oci):(.+)$/s.exec(text) ?? [];
  switch (transport) {
    case 'docker':
      return rest.startsWith('//') ? text : `docker-daemon:${rest}`;
    case 'dockertar':
      return `docker-archive:${rest.replace(/^\/+/, '/')}`;
    case 'oci':
      return !existsSync(rest.replace(/:.*$/s, '')) && isName(rest) ? rest : text;
    default:
      return text;
  }
}

function isName(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch (error) {
    if (error instanceof BerthError) return false;
    throw error;
  }
}
