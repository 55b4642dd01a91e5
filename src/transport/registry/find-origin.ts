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
    const answer = await connections.send(url, { headers: {}, anyCertificate: endpoint.insecure });
    answer.discard();
    return secure;
  } catch (error) {
    // Where it does speak TLS, or it was never asked, what is wrong is to be told, not walked around.
    if (error instanceof BerthError && (error.code !== 'registry-unreachable' || isTlsFailure(error.cause)))
      throw error;
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
