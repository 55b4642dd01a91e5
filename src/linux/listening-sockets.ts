import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { isErrno } from '../errors.ts';

/** A socket that takes connections or datagrams. */
export interface ListeningSocket {
  protocol: 'tcp' | 'udp' | 'unix';
  /** An IP address, in brackets for IPv6, or a path, with "@" before an abstract name. */
  address: string;
  /** Null for `unix`. */
  port: number | null;
}

// What the kernel lists, with the state of a socket that listens: TCP_LISTEN, and TCP_CLOSE for UDP without a peer.
const TABLES = [
  ['tcp', 'tcp', '0A'],
  ['tcp6', 'tcp', '0A'],
  ['udp', 'udp', '07'],
  ['udp6', 'udp', '07'],
] as const;

// __SO_ACCEPTCON
const ACCEPTS = '00010000';

/** The sockets that a process has open and listens on, by inode; none for a process that has ended. */
export function listeningSockets(pid: number): Map<string, ListeningSocket> {
  try {
    const open = openSockets(pid);
    if (open.size === 0) return new Map();
    return new Map([...internetSockets(pid), ...unixSockets(pid)].filter(([inode]) => open.has(inode)));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return new Map();
    throw error;
  }
}

function openSockets(pid: number): Set<string> {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch (error) {
      // Closed by now.
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
  return new Set(inodes.filter((inode) => inode !== undefined));
}

/** proc(5), /proc/PID/net/tcp: that of the network namespace of the process. */
function internetSockets(pid: number): [string, ListeningSocket][] {
  return TABLES.flatMap(([file, protocol, listens]) =>
    readTable(pid, file).flatMap((line): [string, ListeningSocket][] => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== listens) return [];
      return [[inode, { protocol, address: ipAddress(address), port: Number.parseInt(port, 16) }]];
    }),
  );
}

function unixSockets(pid: number): [string, ListeningSocket][] {
  return readTable(pid, 'unix').flatMap((line): [string, ListeningSocket][] => {
    const [, flags, inode = '', address = ''] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/s.exec(line) ?? [];
    return flags === ACCEPTS ? [[inode, { protocol: 'unix', address, port: null }]] : [];
  });
}

/** Without the line of headers. A kernel may lack IPv6. */
function readTable(pid: number, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trimEnd().split('\n').slice(1);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** An address in words of 32 bits as the processor reads them, in hex, as people write it. */
export function ipAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => {
    const order = [...Buffer.from(word, 'hex')];
    return endianness() === 'LE' ? order.reverse() : order;
  });
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  // RFC 5952, as URL writes it.
  return new URL(`http://[${groups.join(':')}]`).hostname;
}
