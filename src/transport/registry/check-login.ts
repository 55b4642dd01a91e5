import type { Endpoint } from '../../reference/endpoints.ts';
import type { RegistryAccess } from './access.ts';
import type { Login } from './auth/credential-keeper.ts';
import { retry } from './http/retry.ts';
import { RegistryClient } from './registry-client.ts';

/**
 * Shows a registry a name and a password. False when it did not ask for any, so that nobody knows whether they
 * are right. Throws `credential-refused` when it refuses them, and as `RegistryClient.get`.
 */
export async function checkLogin(
  domain: string,
  insecure: boolean,
  login: Login,
  { connections, patience }: Pick<RegistryAccess, 'connections' | 'patience'>,
): Promise<boolean> {
  let wasAsked = false;
  const find = async () => {
    wasAsked = true;
    return { kind: 'password', ...login } as const;
  };
  // Of no repository: the question is who somebody is, not what that one may.
  const reference = { kind: 'registry', domain, path: '', tag: undefined, digest: undefined } as const;
  const endpoint: Endpoint = { reference, insecure };
  const client = new RegistryClient(endpoint, connections, { find });
  const answer = await retry(patience, undefined, () => client.get({ path: '/v2/', what: domain }));
  answer.discard();
  return wasAsked;
}
