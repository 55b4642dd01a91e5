import assert from 'node:assert/strict';
import { openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { makeCase } from './case.ts';
import { isRefusal } from './kind.ts';
import { KINDS, type KindName } from './kinds.ts';
import type { FromReader, ToReader } from './messages.ts';

// The program that reads cases, in a process that may crash, hang and be killed. Its argument is the
// file that says at any moment which case is being read.

/** One in so many of the cases that are accepted is compared with another program, which takes milliseconds. */
const COMPARED = 20;

const place = openSync(process.argv[2] ?? '', 'w');

process.on('message', (message: ToReader) => {
  work(message).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function work(message: ToReader): Promise<FromReader> {
  const result: FromReader = { cases: 0, accepted: 0, compared: 0, memory: 0 };
  // What cases leave for those after them grows.
  for (const name of readdirSync('.')) rmSync(name, { recursive: true });
  const [from, to] = message.do === 'range' ? [message.from, message.to] : [0, 1];
  for (let index = from; index < to; index += 1) {
    writeSync(place, String(index).padStart(12), 0);
    result.cases += 1;
    const bytes =
      message.do === 'range' ? makeCase({ ...message, index }) : Buffer.from(message.bytes, 'base64');
    try {
      await read(message.kind, bytes, message.do === 'bytes' || index % COMPARED === 0, result);
    } catch (error) {
      result.failure = {
        index,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
      break;
    }
    // What a case has left to happen ends the process while it is still the one that is being read.
    await new Promise(setImmediate);
  }
  result.memory = process.resourceUsage().maxRSS * 1024;
  return result;
}

async function read(name: KindName, bytes: Buffer, compare: boolean, result: FromReader): Promise<void> {
  const kind = KINDS[name];
  // A copy: a reader may free what it is given.
  const copy = Buffer.from(bytes);
  try {
    await kind.read(copy);
    result.accepted += 1;
    if (compare && (await kind.compare?.(bytes))) result.compared += 1;
  } catch (error) {
    if (!isRefusal(kind, error)) throw error;
  }
  assert.deepEqual(Object.keys(Object.prototype), [], 'every object has got a new member');
}
