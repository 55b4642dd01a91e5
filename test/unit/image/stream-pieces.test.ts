import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { streamPieces } from '../../../src/image/stream-pieces.ts';

test('what came meanwhile comes together, and is not copied', async () => {
  const stream = new PassThrough();
  const pieces = streamPieces(stream, 100);
  const [first, second] = [Buffer.from('one'), Buffer.from('two')];
  const next = pieces.next();
  stream.write(first);
  stream.write(second);
  const { value } = await next;
  assert.deepEqual(
    value?.map((piece: Buffer) => piece.buffer),
    [first.buffer, second.buffer],
  );
});

test('a stream waits while much is there to be read', async () => {
  let made = 0;
  const stream = new Readable({
    highWaterMark: 1,
    read() {
      made += 1;
      this.push(made > 1000 ? null : Buffer.alloc(10));
    },
  });
  const pieces = streamPieces(stream, 30);
  await pieces.next();
  for (let turns = 0; turns < 50; turns += 1) await turn();
  // Those that were read, three that are held, and what the stream itself has ready.
  assert.ok(made < 10, `${made} pieces`);
  await pieces.return(undefined);
});

test('all that came before a failure is read, then it is thrown', async () => {
  const stream = new PassThrough();
  stream.write('before');
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const pieces of streamPieces(stream, 100)) {
      seen.push(...pieces.map(String));
      stream.destroy(new Error('cut'));
    }
  }, /cut/);
  assert.deepEqual(seen, ['before']);
});

test('a stream that breaks off without an error has failed too', async () => {
  const stream = new PassThrough();
  const next = streamPieces(stream, 100).next();
  stream.destroy();
  await assert.rejects(next, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

test('whoever has read enough ends the stream', async () => {
  const stream = new PassThrough();
  stream.write('enough');
  for await (const _ of streamPieces(stream, 100)) break;
  assert.equal(stream.destroyed, true);
});
