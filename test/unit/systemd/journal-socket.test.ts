import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeEntry, sendToJournal } from '../../../src/systemd/journal-socket.ts';
import { scratch } from '../layer/scratch.ts';

test('a field is a line, unless its value has lines: then its length comes first', () => {
  assert.equal(encodeEntry({ MESSAGE: 'done', PRIORITY: '5' }).toString(), 'MESSAGE=done\nPRIORITY=5\n');
  const length = '\x03\0\0\0\0\0\0\0';
  assert.equal(encodeEntry({ MESSAGE: 'a\nb' }).toString(), `MESSAGE\n${length}a\nb\n`);
});

test('a value cannot bring a field of its own', () => {
  const text = encodeEntry({ MESSAGE: 'x\nPRIORITY=0' }).toString('latin1');
  assert.equal(text, `MESSAGE\n\x0c${'\0'.repeat(7)}x\nPRIORITY=0\n`);
});

test('an entry fits into a datagram whatever is in it', () => {
  assert.ok(encodeEntry({ MESSAGE: 'x'.repeat(1_000_000) }).length < 10_000);
});

test('where there is no journal, or nobody listens, nothing is written and nothing fails', (context) => {
  const directory = scratch(context);
  sendToJournal({ MESSAGE: 'x' }, join(directory, 'none'));
  writeFileSync(join(directory, 'file'), '');
  sendToJournal({ MESSAGE: 'x' }, join(directory, 'file'));
});

test('what else is wrong with the socket is an error', (context) => {
  const directory = scratch(context);
  writeFileSync(join(directory, 'file'), '');
  assert.throws(() => sendToJournal({ MESSAGE: 'x' }, join(directory, 'file/socket')), { code: 'ENOTDIR' });
});
