import { printListenSpec } from '../../deployment/sockets/listen-spec.ts';
import { parseSocketRequest } from '../../deployment/sockets/socket-request.ts';
import { instanceOf } from '../../service-name.ts';
import type { Draft } from './draft.ts';
import { type Finding, otherwise, refused } from './finding.ts';

const ANY_ADDRESS = ['', '0.0.0.0', '[::]', '*'];

/**
 * `PublishPort=[[ADDRESS:]PORT:]PORT[/PROTOCOL]`. On the host's network a server has its port by itself; only where
 * it is to be another one, a proxy of systemd's must stand before it, and there is one for a service. Throws `usage`.
 */
export function readPublishPort(value: string, draft: Draft): Finding | undefined {
  const [ports = '', protocol = 'tcp'] = value.split('/');
  const [, address = '', rest = ''] = /^(\[[^\]]*\]|[^:]*(?=:[^:]*:))?:?(.*)$/s.exec(ports) ?? [];
  const colon = rest.indexOf(':');
  const [host, container] = [rest.slice(0, Math.max(0, colon)), rest.slice(colon + 1)];
  if (host === '') {
    return otherwise(`the service is on the network of the host, at port ${container} and no other`);
  }
  if (host === container) {
    if (ANY_ADDRESS.includes(address)) return undefined;
    return refused(
      `the service is on the network of the host, and listens at the addresses that it wants`,
      `have its own settings say ${address}`,
    );
  }
  const target = draft.sockets?.proxy?.target;
  const isOther = target?.kind === 'ip' && String(target.port) !== container;
  if (protocol !== 'tcp' || host.includes('-') || isOther || instanceOf(draft.name) !== undefined) {
    return refused(
      'only one TCP port of a service that is no instance can be another one on the host',
      `have the service itself listen at ${host}`,
    );
  }
  const listen = [
    ...(draft.sockets?.listen ?? []).map(printListenSpec),
    ANY_ADDRESS.includes(address) ? host : `${address}:${host}`,
  ];
  draft.sockets = parseSocketRequest({ socket: listen, proxyTo: `127.0.0.1:${container}` });
  return otherwise(
    `systemd listens at ${host} and hands on to ${container}, where the service listens on the host’s network, too`,
  );
}
