import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BusConnection, BusRefusal } from '../../../src/systemd/bus-connection.ts';
import { scratch } from '../layer/scratch.ts';

const PING = { path: '/', interface: 'org.example.Peer', member: 'Ping' };

/** Listens as a bus that is broken in ways that a real one is not at will: with what it writes to each thing it is told. */
async function listenAsFakeBus(
  context: TestContext,
  ...answers: ((socket: Socket) => void)[]
): Promise<string> {
  const address = join(scratch(context), 'bus');
  const server = createServer((socket) => {
    socket.on('data', () => answers.shift()?.(socket)).on('error', () => undefined);
  });
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(address, resolve));
  return address;
}

/** The answer to a call, of a type and without a body: its header has the field REPLY_SERIAL alone. */
function answer(type: number, serial: number): Buffer {
  const header = Buffer.alloc(24);
  header.set([0x6c, type, 0, 1]);
  header.writeUInt32LE(serial, 8);
  header.writeUInt32LE(8, 12);
  header.set([5, 1, 0x75, 0], 16);
  header.writeUInt32LE(serial, 20);
  return header;
}

const welcome = (socket: Socket) => {
  const bytes = Buffer.concat([Buffer.from('OK 1234\r\n'), answer(2, 1)]);
  // In pieces, as a busy bus may send them.
  socket.setNoDelay();
  for (const byte of bytes) socket.write(Buffer.of(byte));
};

test('a bus that is not there, lets nobody in, or speaks otherwise is unreachable', async (context) => {
  const code = 'systemd-unreachable';
  await assert.rejects(BusConnection.open(join(scratch(context), 'none')), { code, message: /ENOENT/ });
  const cases: [(socket: Socket) => void, RegExp][] = [
    [(socket) => socket.write('REJECTED EXTERNAL\r\n'), /does not let this process in: "REJECTED EXTERNAL"/],
    [(socket) => socket.write(`OK 1\r\n${'\xff'.repeat(64)}`), /a message of \d+ bytes/],
    [(socket) => socket.end(), /closed the connection/],
  ];
  for (const [first, message] of cases) {
    const address = await listenAsFakeBus(context, first);
    await assert.rejects(BusConnection.open(address), { code, message });
  }
});

test('a call is answered, refused, or lost with its bus, however the bus sends what it says', async (context) => {
  const address = await listenAsFakeBus(
    context,
    welcome,
    (socket) => socket.write(answer(2, 2)),
    // A signal that claims to be the answer, and then the answer.
    (socket) => socket.write(Buffer.concat([answer(4, 3), answer(3, 3)])),
    (socket) => socket.destroy(),
  );
  const bus = await BusConnection.open(address);
  context.after(() => bus.close());
  assert.deepEqual(await bus.call(PING), []);
  await assert.rejects(bus.call(PING), BusRefusal);
  await assert.rejects(bus.call(PING), { code: 'systemd-unreachable' });
  assert.equal(bus.open, false);
});

test('a bus that hangs is given up in time', async (context) => {
  const address = await listenAsFakeBus(context, welcome);
  const bus = await BusConnection.open(address);
  context.after(() => bus.close());
  await assert.rejects(bus.call(PING, 50), {
    code: 'systemd-unreachable',
    message: /no answer to Ping in 0\.05 s/,
  });
});
