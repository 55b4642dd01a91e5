import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busAddress } from '../../../src/systemd/bus-address.ts';
import { encodeCall } from '../../../src/systemd/bus-call.ts';
import { decodeMessage, messageLength } from '../../../src/systemd/bus-message.ts';
import { BusReader } from '../../../src/systemd/bus-reader.ts';

const CALL = { path: '/a/unit', interface: 'org.example.Manager', member: 'Enable' };

test('what is sent reads back as it was', () => {
  const body = [['one.service', 'zwei-ü.service'], true, 'replace', [], false];
  const bytes = encodeCall({ ...CALL, body }, 'org.example', 7);
  assert.equal(messageLength(bytes), bytes.length);
  const message = decodeMessage(bytes);
  assert.deepEqual(message.body(), body);
  assert.deepEqual([message.type, message.member], ['other', 'Enable']);
  assert.deepEqual(decodeMessage(encodeCall(CALL, 'org.example', 8)).body(), []);
});

test('the length of a message is known as soon as its header begins, and has a limit', () => {
  const bytes = encodeCall({ ...CALL, body: ['x'.repeat(1000)] }, 'org.example', 1);
  assert.equal(messageLength(bytes.subarray(0, 15)), undefined);
  assert.equal(messageLength(bytes.subarray(0, 16)), bytes.length);
  bytes.writeUInt32LE(0xfffffff0, 4);
  assert.throws(() => messageLength(bytes), RangeError);
});

test('values of every type are read, each at its place, in either order of bytes', () => {
  const parts = {
    // y, n, b, and t at a multiple of 8
    yn: '01 00 feff',
    b: '01000000',
    t: 'ffffffffffffffff',
    // a{sv} of one entry, whose value is an array of bytes
    length: '14000000 00000000',
    entry: '02000000 494400 02 617900 00 04000000 cafebabe',
    // (so), beginning at a multiple of 8
    struct: '00000000 01000000 7300 0000 01000000 2f00',
  };
  const bytes = Buffer.from(Object.values(parts).join('').replaceAll(' ', ''), 'hex');
  const [y, n, b, t, dictionary, struct] = new BusReader(bytes, 0, true).readAll('ynbta{sv}(so)');
  assert.deepEqual([y, n, b, t], [1, -2, true, 2 ** 64]);
  assert.deepEqual(dictionary, new Map([['ID', Buffer.from('cafebabe', 'hex')]]));
  assert.deepEqual(struct, ['s', '/']);
  const big = Buffer.from('0000000200000001000000030000000141000000', 'hex');
  assert.deepEqual(new BusReader(big, 0, false).readAll('uius'), [2, 1, 3, 'A']);
});

test('what ends too early is an error, not a value', () => {
  const cut: [string, string][] = [
    ['s', '05000000 6162'],
    ['as', 'ffffff7f 01000000'],
    ['ay', '05000000 61'],
    ['t', '0100'],
    ['v', '01'],
    ['v', '017a00'],
  ];
  for (const [signature, hex] of cut) {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    assert.throws(() => new BusReader(bytes, 0, true).readAll(signature), RangeError, signature);
  }
});

test('the bus is where the environment says, if it does', () => {
  assert.equal(busAddress({}), '/run/dbus/system_bus_socket');
  const address = (text: string) => busAddress({ DBUS_SYSTEM_BUS_ADDRESS: text });
  assert.equal(address('tcp:host=x;unix:guid=1,path=/tmp/a%20b,x=y'), '/tmp/a b');
  assert.equal(address('unix:abstract=bus'), '\0bus');
});

test('an array of what has no size ends, as no message does', () => {
  const bytes = Buffer.from(
    '10000000 00000000 00000000 00000000 00000000 00000000'.replaceAll(' ', ''),
    'hex',
  );
  for (const signature of ['a()', 'a(())', 'a{}']) {
    assert.throws(() => new BusReader(bytes, 0, true).readAll(signature), RangeError, signature);
  }
});
