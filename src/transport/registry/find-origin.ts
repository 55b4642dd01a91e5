import { BerthError, messageOf } from '../../errors.ts';
import type { Endpoint } from '../../reference/endpoints.ts';
import { isTlsFailure } from './http/connection-failure.ts';
import type { Connections } from './http/connections.ts';
import { isLoopback } from './http/loopback.ts';

/**
 * Finds out how a registry is spoken to: over https, except that on this machine or where it was
 * declared insecure a registry without TLS is spoken to over http. No credential is sent for it.
 */
export async function findOrigin(endpoint: Endpoint, connections: Connections): Promise<URL> {
  const secure = originUrl('https', endpoint);
  if (!endpoint.insecure && !isLoopback(secure.hostname)) return secure;
  try {
    const url = new URL('/v2/', secure);
    // What the system trusts is not read for a registry that may have no certificate at all.
    const answer = await connections.send(url, { headers: {}, trust: endpoint.insecure ? 'any' : 'own' });
    answer.discard();
    return secure;
  } catch (error) {
    if (error instanceof BerthError) {
      // It does speak TLS. Whether that will do is up to the first real request, which trusts the system too.
      if (isTlsFailure(error.cause)) return secure;
      // Where it was never asked, what is wrong is to be told, not walked around.
      if (error.code !== 'registry-unreachable') throw error;
    }
    return originUrl('http', endpoint);
  }
}

function originUrl(scheme: 'http' | 'https', { reference }: Endpoint): URL {
  // Docker's registry answers under another name than the one that images carry.
  const host = reference.domain === 'docker.io' ? 'registry-1.docker.io' : reference.domain;
  try {
    return new URL(`${scheme}://${host}`);
  } catch (error) {
    throw new BerthError('reference-invalid', `not a registry's host: ${host}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
