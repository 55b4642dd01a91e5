import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { posix } from 'node:path';
import type { SocketAddress } from './socket-address.ts';

const ANY = '0.0.0.0';
const ANY6 = '::';

/**
 * How the kernel lists sockets that take connections to an address: arguments of templates/await-listener,
 * each `tcp:` or `tcp6:` with an address as in /proc/net/tcp and tcp6, or `path:` or `abstract:` with a
 * name in /proc/net/unix.
 */
export function listenersOf(address: SocketAddress): string[] {
  switch (address.kind) {
    case 'path':
      // The container may know the directory by another name.
      return [`path:${posix.basename(address.path)}`];
    case 'abstract':
      return [`abstract:${address.name}`];
    case 'ip': {
      const host = address.host ?? '127.0.0.1';
      const port = address.port.toString(16).toUpperCase().padStart(4, '0');
      const six = (text: string) => `tcp6:${kernelWords(bytesOf6(text))}:${port}`;
      if (isIPv6(host)) return [six(host), six(ANY6)];
      const four = (text: string) => `tcp:${kernelWords(bytesOf4(text))}:${port}`;
      // A socket of IPv6 takes IPv4 too, unless it says otherwise.
      return [four(host), four(ANY), six(`::ffff:${host}`), six(ANY6)];
    }
  }
}

/** Words of 32 bits as the processor reads them, in hex. */
function kernelWords(bytes: readonly number[]): string {
  const words = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4);
    words.push(
      Buffer.from(endianness() === 'LE' ? word.reverse() : word)
        .toString('hex')
        .toUpperCase(),
    );
  }
  return words.join('');
}

function bytesOf4(text: string): number[] {
  return text.split('.').map(Number);
}

/** The 16 bytes of an address in any spelling of RFC 4291, 2.2. */
function bytesOf6(text: string): number[] {
  const [before = [], after = []] = text.split('::').map(bytesOfGroups);
  return [...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after];
}

function bytesOfGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return bytesOf4(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
