import { isIPv4, isIPv6 } from 'node:net';
import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';

/** Where a socket listens, or where a connection goes. `host` null: all addresses. */
export type SocketAddress =
  | { kind: 'ip'; host: string | null; port: number }
  | { kind: 'path'; path: string }
  /** Without the "@" that stands for its NUL (unix(7)). */
  | { kind: 'abstract'; name: string };

// sockaddr_un has 108 bytes, and a path ends in a NUL.
const LONGEST = 107;

/**
 * Reads `8080`, `127.0.0.1:8080`, `[::1]:8080`, `/run/web.sock` or `@web`. Names of hosts are not taken:
 * nothing could look them up when sockets are made at boot. `option` is for the message. Throws `usage`.
 */
export function parseSocketAddress(text: string, option: string): SocketAddress {
  const refuse = (cause: string): never => {
    throw new BerthError('usage', `not an address: ${option} ${quote(text)}: ${cause}`, {
      hint: 'write it like 8080, 127.0.0.1:8080, [::1]:8080, /run/web.sock or @web',
    });
  };
  if (text.startsWith('/') || text.startsWith('@')) {
    const cause = causeAgainst(text);
    if (cause !== undefined) return refuse(cause);
    return text.startsWith('/') ? { kind: 'path', path: text } : { kind: 'abstract', name: text.slice(1) };
  }
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?([0-9]{1,5})$/.exec(text) ?? [];
  if (digits === undefined) return refuse('neither a port, nor an IP address with a port, nor a path');
  if (bracketed !== undefined && !(isIPv6(bracketed) && !bracketed.includes('%')))
    return refuse(`${quote(bracketed)} is not an IPv6 address`);
  if (plain !== undefined && !isIPv4(plain)) return refuse(`${quote(plain)} is not an IPv4 address`);
  const port = Number(digits);
  if (port < 1 || port > 65535) return refuse('a port is a number from 1 to 65535');
  return { kind: 'ip', host: bracketed ?? plain ?? null, port };
}

/** What is wrong with a path or an abstract name. A unit's line must carry it, from its first to its last character. */
function causeAgainst(text: string): string | undefined {
  if (Buffer.byteLength(text) > LONGEST) return `it is longer than ${LONGEST} bytes`;
  if (!text.isWellFormed() || /[\s\p{C}\\]/u.test(text))
    return 'white space, backslashes and control characters cannot be used';
  if (text === '@') return 'it has no name';
  if (text.startsWith('/') && !/^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(text))
    return 'not a plain absolute path';
  return undefined;
}

/** The address as units and systemd-socket-proxyd take it, and as a person may write it. */
export function printSocketAddress(address: SocketAddress): string {
  switch (address.kind) {
    case 'ip': {
      const { host, port } = address;
      if (host === null) return String(port);
      return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    }
    case 'path':
      return address.path;
    case 'abstract':
      return `@${address.name}`;
  }
}

/** Whether a socket that listens at `address` also takes connections to `other`, so that nobody else can listen there. */
export function covers(address: SocketAddress, other: SocketAddress): boolean {
  if (address.kind !== 'ip' || other.kind !== 'ip')
    return printSocketAddress(address) === printSocketAddress(other);
  if (address.port !== other.port) return false;
  return isAnyAddress(address.host) || isAnyAddress(other.host) || address.host === other.host;
}

function isAnyAddress(host: string | null): boolean {
  return host === null || host === '0.0.0.0' || /^[0:]+$/.test(host);
}
