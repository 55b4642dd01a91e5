/**
 * Run inside the throwaway host: sends a line and prints the answer. Arguments: PORT, /PATH or udp:PORT, and
 * the line. Fails when there is no answer within ten seconds.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const [where = '', line = ''] = process.argv.slice(2);
setTimeout(() => process.exit(1), 10_000).unref();

if (where.startsWith('udp:')) {
  const socket = createSocket('udp4');
  socket.send(`${line}\n`, Number(where.slice('udp:'.length)), '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  process.stdout.write(answer);
  socket.close();
} else {
  const socket = where.startsWith('/') ? connect(where) : connect(Number(where), '127.0.0.1');
  socket.write(`${line}\n`);
  process.stdout.write(await text(socket));
}
