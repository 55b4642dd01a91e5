import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { renderPackageTemplate } from '../../runtime/package-template.ts';
import type { ServiceName } from '../../service-name.ts';
import { quoteExecLine, unitText } from '../../systemd/unit-quote.ts';
import { listenersOf } from './listener.ts';
import { printSocketAddress, type SocketAddress } from './socket-address.ts';
import type { SocketRequest } from './socket-request.ts';

/** The script of a deployment that waits until a proxy's target listens. */
export const AWAIT_LISTENER = 'await-listener';

/** The unit of a service's sockets. */
export function socketUnit(name: ServiceName): string {
  return `${name}.socket`;
}

/** The unit of the proxy in front of a service. */
export function proxyUnit(name: ServiceName): string {
  return `${name}-proxy.service`;
}

/** NAME.socket with all sockets of a request, in its order. */
export async function renderSocket(name: ServiceName, { listen, proxy }: SocketRequest): Promise<string> {
  const names = new Set(listen.map((spec) => spec.name));
  const values = {
    description: `Sockets of ${name}`,
    listen: listen.map(({ type, address }) => ({
      type,
      address: printSocketAddress(address).replaceAll('%', '%%'),
    })),
    // systemd knows one name for all sockets of a unit; several reach the service by config.json.
    name: names.size === 1 ? (listen[0]?.name ?? '') : '',
    hasHost: listen.some(({ address }) => address.kind === 'ip' && address.host !== null),
    hasPath: listen.some(({ address }) => address.kind === 'path'),
    service: proxy === null ? '' : proxyUnit(name),
  };
  return renderUnit('socket.ejs', values);
}

export interface ProxyInput {
  name: ServiceName;
  paths: Paths;
  target: SocketAddress;
  idle: string | null;
}

/** NAME-proxy.service. Throws `systemd-unreachable` on a host without systemd-socket-proxyd. */
export async function renderProxy({ name, paths, target, idle }: ProxyInput): Promise<string> {
  const service = `${name}.service`;
  const script = join(paths.installed.current(name), AWAIT_LISTENER);
  const values = {
    description: `Proxy of ${name} to ${printSocketAddress(target)}`,
    service,
    socket: socketUnit(name),
    wait: quoteExecLine(['/bin/sh', script, service, ...listenersOf(target)]),
    start: quoteExecLine([
      findProxyd(paths),
      // One more than this and the proxy closes connections that it has taken.
      '--connections-max=8192',
      ...(idle === null ? [] : [`--exit-idle-time=${idle}`]),
      printSocketAddress(target),
    ]),
    // Who may connect to a path is a matter of the file's owner.
    private: target.kind !== 'path',
  };
  return renderUnit('proxy.service.ejs', values);
}

function renderUnit(file: string, values: Record<string, unknown>): Promise<string> {
  return renderPackageTemplate(file, values, (value) => unitText(String(value)));
}

function findProxyd(paths: Paths): string {
  const places = ['/usr/lib/systemd', '/lib/systemd'].map((place) => `${place}/systemd-socket-proxyd`);
  const found = places.find((path) => lstatSync(paths.follow(path), { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  throw new BerthError(
    'systemd-unreachable',
    `program not found: systemd-socket-proxyd: not at ${places.join(', ')}`,
    {
      hint: 'leave out --proxy, or install the package that has it',
    },
  );
}
