import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import { parseTimeSpan } from '../../systemd/time-span.ts';
import { type ListenSpec, parseListenSpec } from './listen-spec.ts';
import { parseSocketAddress, printSocketAddress, type SocketAddress } from './socket-address.ts';

/** What a person wants systemd to listen on for a service, as the record keeps it. */
export interface SocketRequest {
  /** At least one. */
  listen: ListenSpec[];
  /** For a server that does not take sockets; null: the service gets them. */
  proxy: ProxyRequest | null;
}

export interface ProxyRequest {
  /** Where the server listens; null: where its image says. */
  target: SocketAddress | null;
  /** A time span of systemd.time(7) without a connection, after which the service stops; null: never. */
  idle: string | null;
}

/** The options of a command line. */
export interface SocketOptions {
  socket: readonly string[];
  proxy?: boolean | undefined;
  proxyTo?: string | undefined;
  idle?: string | undefined;
}

/** What the parts of a request are called where it was written. */
export type SocketWords = Record<keyof SocketOptions, string>;

const OPTIONS: SocketWords = {
  socket: '--socket',
  proxy: '--proxy',
  proxyTo: '--proxy-to',
  idle: '--idle',
};

/** Null where no socket is asked for. Throws `usage`. */
export function parseSocketRequest(options: SocketOptions, words = OPTIONS): SocketRequest | null {
  const { socket, proxyTo, idle } = options;
  const proxied = options.proxy === true || proxyTo !== undefined;
  if (socket.length === 0 && (proxied || idle !== undefined)) {
    throw new BerthError(
      'usage',
      `nothing listens: ${proxied ? words.proxy : words.idle} without ${words.socket}`,
      {
        hint: `add ${words.socket} ADDRESS, such as ${words.socket} 127.0.0.1:8080`,
      },
    );
  }
  if (idle !== undefined && !proxied) {
    throw new BerthError(
      'usage',
      `${words.idle} without ${words.proxy}: only a proxy sees when nobody is connected`,
      {
        hint: `add ${words.proxy}; a server that takes sockets ends by itself when it is idle`,
      },
    );
  }
  if (socket.length === 0) return null;
  const listen = socket.map((text) => parseListenSpec(text, words.socket));
  refuseTwice(listen, words.socket);
  if (!proxied) return { listen, proxy: null };
  const datagram = listen.findIndex(({ type }) => type === 'datagram');
  if (datagram !== -1) {
    throw new BerthError('usage', `cannot proxy datagrams: ${words.socket} ${socket[datagram]}`, {
      hint: `leave out ${words.proxy}, or that socket`,
    });
  }
  const target = proxyTo === undefined ? null : parseSocketAddress(proxyTo, words.proxyTo);
  return { listen, proxy: { target, idle: idle === undefined ? null : checkIdle(idle, words.idle) } };
}

function refuseTwice(listen: readonly ListenSpec[], word: string): void {
  const addresses = listen.map(({ type, address }) => `${type} ${printSocketAddress(address)}`);
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw new BerthError('usage', `two sockets for one address: ${word}: ${twice}`);
}

function checkIdle(text: string, word: string): string {
  const refuse = (cause?: unknown) =>
    new BerthError('usage', `not a time span: ${word} ${quote(text)}`, {
      hint: 'write it like 10min or 1h 30min',
      cause,
    });
  if (/\p{Cc}/u.test(text)) throw refuse();
  let microseconds: number;
  try {
    microseconds = parseTimeSpan(text);
  } catch (cause) {
    throw refuse(cause);
  }
  if (!(microseconds > 0 && microseconds < Number.POSITIVE_INFINITY)) throw refuse();
  return text;
}
