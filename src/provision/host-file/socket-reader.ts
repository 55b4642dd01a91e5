import type { ListenSpec } from '../../deployment/sockets/listen-spec.ts';
import { covers, printSocketAddress } from '../../deployment/sockets/socket-address.ts';
import {
  parseSocketRequest,
  type SocketOptions,
  type SocketRequest,
} from '../../deployment/sockets/socket-request.ts';
import type { Position } from '../declared-service.ts';
import type { Mistakes } from './mistakes.ts';
import { at, has, scalarsAt, type TreeMapping } from './tree.ts';

const WORDS = {
  socket: 'sockets.listen',
  proxy: 'sockets.proxy',
  proxyTo: 'sockets.proxy',
  idle: 'sockets.idle',
};

interface Listener extends Pick<ListenSpec, 'type' | 'address'> {
  path: string;
  position: Position;
}

/** Reads what services listen on, and finds out where two of them would be at one address. */
export class SocketReader {
  readonly #mistakes: Mistakes;
  readonly #listeners: Listener[] = [];

  constructor(mistakes: Mistakes) {
    this.#mistakes = mistakes;
  }

  /** Null for a service that asks for none, and after a mistake. */
  read(service: TreeMapping, path: string): SocketRequest | null {
    const sockets = at(service, 'sockets', 'mapping');
    if (sockets === undefined) return null;
    if (!has(sockets, 'listen')) {
      this.#mistakes.add(
        sockets.position,
        `${path}.sockets.listen is missing: write addresses, such as [8080]`,
      );
      return null;
    }
    const request = this.#request(sockets, path);
    for (const [index, { type, address }] of (request?.listen ?? []).entries()) {
      const position = scalarsAt(sockets, 'listen')[index]?.position ?? sockets.position;
      this.#claim({ type, address, path, position });
    }
    return request;
  }

  /** Reads one key more each time: what fails then is of that key. */
  #request(sockets: TreeMapping, path: string): SocketRequest | null {
    const attempt = (position: Position, options: SocketOptions): SocketRequest | null | undefined =>
      this.#mistakes.attempt(position, path, () => parseSocketRequest(options, WORDS));
    const items = scalarsAt(sockets, 'listen');
    const whole = items.filter(({ position, text }) => attempt(position, { socket: [text] }) !== undefined);
    const proxy = at(sockets, 'proxy', 'scalar');
    const idle = at(sockets, 'idle', 'scalar');
    let options: SocketOptions = { socket: whole.map(({ text }) => text) };
    let request = attempt(at(sockets, 'listen', 'list')?.position ?? sockets.position, options);
    if (proxy !== undefined && request) {
      const text = proxy.text.toLowerCase();
      options =
        proxy.type === 'boolean'
          ? { ...options, proxy: text === 'true' }
          : { ...options, proxyTo: proxy.text };
      request = attempt(proxy.position, options);
    }
    if (idle !== undefined && request) request = attempt(idle.position, { ...options, idle: idle.text });
    return whole.length === items.length ? (request ?? null) : null;
  }

  #claim(listener: Listener): void {
    const { type, address, path, position } = listener;
    const other = this.#listeners.find(
      (each) => each.path !== path && each.type === type && covers(each.address, address),
    );
    this.#listeners.push(listener);
    if (other === undefined) return;
    const place = `${other.position.file}:${other.position.line}`;
    this.#mistakes.add(
      position,
      `${path}: sockets.listen ${printSocketAddress(address)}: ${other.path} listens there (${place}): use another address`,
    );
  }
}
