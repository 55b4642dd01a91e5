import type { ListeningSocket } from '../linux/listening-sockets.ts';
import { hostProgram } from './host-program.ts';

/** What systemd listens on for a socket unit. Throws `systemd-unreachable`. */
export async function unitSockets(unit: string): Promise<ListeningSocket[]> {
  const systemctl = await hostProgram('systemctl');
  const { execa } = await import('execa');
  const args = ['show', '--property=Listen', '--value', '--', unit];
  const { stdout } = await execa(systemctl, args, { stdin: 'ignore', timeout: 10_000 });
  return stdout.split('\n').flatMap((line) => parseListen(line) ?? []);
}

/** Such as `[::]:80 (Stream)` or `/run/web.sock (Stream)`; undefined for what is no socket, such as a FIFO. */
export function parseListen(line: string): ListeningSocket | undefined {
  const [, where = '', type] = /^(.*) \((Stream|Datagram|SequentialPacket)\)$/.exec(line) ?? [];
  if (type === undefined) return undefined;
  if (/^[/@]/.test(where)) return { protocol: 'unix', address: where, port: null };
  const [, address, port] = /^(.*):(\d+)$/.exec(where) ?? [];
  if (address === undefined) return undefined;
  return { protocol: type === 'Datagram' ? 'udp' : 'tcp', address, port: Number(port) };
}
