import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import { parseSocketAddress, printSocketAddress, type SocketAddress } from './socket-address.ts';

/** One socket that systemd opens for a service. */
export interface ListenSpec {
  /** For the service to tell its sockets apart (sd_listen_fds_with_names(3)); null: the unit's own name. */
  name: string | null;
  type: 'stream' | 'datagram';
  address: SocketAddress;
}

// systemd takes more, but a ":" or a space would not survive on the way through LISTEN_FDNAMES.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * One `--socket [NAME=][tcp:|udp:|unix:]ADDRESS`. No address has a "=" before a "/" or "@", so the first
 * "=" in front of those ends the name. `option` is for the message. Throws `usage`.
 */
export function parseListenSpec(text: string, option = '--socket'): ListenSpec {
  const [, name, protocol, rest = ''] = /^(?:([^=/@:[]*)=)?(?:(tcp|udp|unix):)?(.*)$/su.exec(text) ?? [];
  if (name !== undefined && !NAME.test(name)) {
    throw new BerthError('usage', `not the name of a socket: ${option} ${quote(text)}: ${quote(name)}`, {
      hint: 'use letters, digits, ".", "_" and "-", such as http=8080',
    });
  }
  const address = parseSocketAddress(rest, option);
  if (protocol !== undefined && (protocol === 'unix') === (address.kind === 'ip')) {
    throw new BerthError(
      'usage',
      `not a socket: ${option} ${quote(text)}: ${protocol} does not go with that address`,
      {
        hint: 'tcp: and udp: go before a port or an IP address, unix: before a path or an "@"; tcp: and unix: may be left out',
      },
    );
  }
  return { name: name ?? null, type: protocol === 'udp' ? 'datagram' : 'stream', address };
}

/** The socket as `parseListenSpec` reads it. */
export function printListenSpec({ name, type, address }: ListenSpec): string {
  const protocol = type === 'datagram' ? 'udp:' : '';
  return `${name === null ? '' : `${name}=`}${protocol}${printSocketAddress(address)}`;
}
