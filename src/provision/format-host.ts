import { stringify } from 'yaml';
import { printListenSpec } from '../deployment/sockets/listen-spec.ts';
import { printSocketAddress } from '../deployment/sockets/socket-address.ts';
import type { SocketRequest } from '../deployment/sockets/socket-request.ts';
import type { DeclaredService } from './declared-service.ts';

/** What is written of a service. */
export type WrittenService = Omit<DeclaredService, 'position'>;

/** The text of a host.yaml that declares these services: `readHost` reads the same of it. What is a default is left out. */
export function formatHost(services: readonly WrittenService[]): string {
  const written = Object.fromEntries(services.map((service) => [service.name, writeService(service)]));
  return stringify({ version: 1, services: written }, { lineWidth: 0 });
}

function writeService(service: WrittenService): object {
  const { image, values, enabled, started, sockets, dependencies, update, mounts, resources } = service;
  return {
    image: writeText(image),
    ...unless(update === 'apply', { update }),
    ...unless(enabled, { enabled }),
    ...unless(started, { started }),
    ...unless(Object.keys(values).length === 0, { values: mapTexts(values, writeText) }),
    ...(sockets === null ? {} : { sockets: writeSockets(sockets) }),
    ...unless(dependencies.requires.length === 0, { requires: dependencies.requires }),
    ...unless(dependencies.after.length === 0, { after: dependencies.after }),
    ...unless(dependencies.before.length === 0, { before: dependencies.before }),
    ...unless(mounts.length === 0, { mounts: mounts.map(writeMount) }),
    ...unless(Object.keys(resources).length === 0, { resources: mapTexts(resources, writePlain) }),
  };
}

function unless(isDefault: boolean, key: object): object {
  return isDefault ? {} : key;
}

function writeSockets({ listen, proxy }: SocketRequest): object {
  return {
    listen: listen.map(printListenSpec),
    ...(proxy === null ? {} : { proxy: proxy.target === null ? true : printSocketAddress(proxy.target) }),
    ...(proxy?.idle ? { idle: proxy.idle } : {}),
  };
}

function writeMount({ source, destination, readOnly }: WrittenService['mounts'][number]): object {
  return {
    source: writeText(source),
    destination: writeText(destination),
    ...unless(!readOnly, { readOnly }),
  };
}

function mapTexts(texts: Record<string, string>, write: (text: string) => unknown): object {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, write(text)]));
}

/** A number or a truth value where it looks like one: in quotes it would be a text. */
function writePlain(text: string): unknown {
  if (/^-?(?:0|[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  return text === 'true' || text === 'false' ? text === 'true' : writeText(text);
}

/** A "$" would begin a variable of the environment. */
function writeText(text: string): string {
  return text.replaceAll('$', '$$$$');
}
