import { type ListenSpec, parseListenSpec } from '../../deployment/sockets/listen-spec.ts';
import { covers, printSocketAddress } from '../../deployment/sockets/socket-address.ts';
import {
  parseSocketRequest,
  type SocketOptions,
  type SocketRequest,
} from '../../deployment/sockets/socket-request.ts';
import type { Position } from '../declared-service.ts';
import type { Mistakes } from './mistakes.ts';
import { at, has, isTrue, scalarsAt, type TreeMapping, type TreeScalar } from './tree.ts';

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
    const items = scalarsAt(sockets, 'listen');
    const whole = items.filter((item) => this.#claim(item, path));
    const request = this.#request(sockets, whole, path);
    return whole.length === items.length ? (request ?? null) : null;
  }

  /** Reads one key more each time: what fails then is of that key. */
  #request(
    sockets: TreeMapping,
    listen: readonly TreeScalar[],
    path: string,
  ): SocketRequest | null | undefined {
    const attempt = (position: Position, options: SocketOptions): SocketRequest | null | undefined =>
      this.#mistakes.attempt(position, path, () => parseSocketRequest(options, WORDS));
    const proxy = at(sockets, 'proxy', 'scalar');
    const idle = at(sockets, 'idle', 'scalar');
    let options: SocketOptions = { socket: listen.map(({ text }) => text) };
    let request = attempt(at(sockets, 'listen', 'list')?.position ?? sockets.position, options);
    if (request && proxy !== undefined) {
      options = {
        ...options,
        ...(proxy.type === 'boolean' ? { proxy: isTrue(proxy) } : { proxyTo: proxy.text }),
      };
      request = attempt(proxy.position, options);
    }
    if (request && idle !== undefined) request = attempt(idle.position, { ...options, idle: idle.text });
    return request;
  }

  /** Whether it is an address; nobody else may listen there. */
  #claim({ position, text }: TreeScalar, path: string): boolean {
    const spec = this.#mistakes.attempt(position, path, () => parseListenSpec(text, WORDS.socket));
    if (spec === undefined) return false;
    const { type, address } = spec;
    const other = this.#listeners.find(
      (each) => each.path !== path && each.type === type && covers(each.address, address),
    );
    this.#listeners.push({ type, address, path, position });
    if (other !== undefined) {
      const place = `${other.position.file}:${other.position.line}`;
      this.#mistakes.add(
        position,
        `${path}: sockets.listen ${printSocketAddress(address)}: ${other.path} listens there (${place}): use another address`,
      );
    }
    return true;
  }
}
