import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  acquireReaderLock,
  acquireWriterLock,
  type LockHolder,
  readHolder,
} from '../../../src/linux/lock.ts';

function lockPath(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-lock-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'state', 'lock');
}

test('a second writer waits, is told once for whom, and goes on', async (context) => {
  const path = lockPath(context);
  const first = await acquireWriterLock(path, { command: 'berth install etcd' });
  const told: (LockHolder | undefined)[] = [];
  const second = acquireWriterLock(path, { command: 'berth prune', onWait: (holder) => told.push(holder) });
  await new Promise((resolve) => setTimeout(resolve, 180));
  assert.deepEqual(told, [{ pid: process.pid, command: 'berth install etcd' }]);
  first.release();
  using _held = await second;
  assert.equal(readHolder(path)?.command, 'berth prune');
});

test('others cannot take the place of a lock, whatever the umask', async (context) => {
  const path = lockPath(context);
  const umask = process.umask(0);
  context.after(() => process.umask(umask));
  using _held = await acquireWriterLock(path, { command: 'berth install etcd' });
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o755);
});

test('a lock dies with its holder, and is not passed on to its children', async (context) => {
  const path = lockPath(context);
  const program = `
    const { acquireWriterLock } = await import(${JSON.stringify(import.meta.resolve('../../../src/linux/lock.ts'))});
    await acquireWriterLock(${JSON.stringify(path)}, { command: 'victim' });
    const { spawn } = await import('node:child_process');
    const child = spawn('/bin/sleep', ['30'], { detached: true, stdio: 'ignore' });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const [output] = await once(holder.stdout, 'data');
  context.after(() => process.kill(Number(output), 'SIGKILL'));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  using _held = await acquireWriterLock(path, { command: 'next', signal: AbortSignal.timeout(5000) });
});

test('waiting ends with a signal', async (context) => {
  const path = lockPath(context);
  using _held = await acquireWriterLock(path, { command: 'first' });
  const waiting = acquireWriterLock(path, { command: 'second', signal: AbortSignal.timeout(60) });
  await assert.rejects(waiting, { code: 'interrupted' });
});

test('a lock on a file that was removed guards nothing, so the new file is locked', async (context) => {
  const path = lockPath(context);
  using _stale = await acquireWriterLock(path, { command: 'stale' });
  unlinkSync(path);
  using _held = await acquireWriterLock(path, { command: 'held' });
  const third = acquireWriterLock(path, { command: 'third', signal: AbortSignal.timeout(60) });
  await assert.rejects(third, { code: 'interrupted' });
});

test('a released lock names nobody', async (context) => {
  const path = lockPath(context);
  const lock = await acquireWriterLock(path, { command: 'first' });
  lock.release();
  lock.release();
  assert.equal(readHolder(path), undefined);
});

test('several readers read at once, and a writer waits for all of them', async (context) => {
  const path = lockPath(context);
  assert.equal(await acquireReaderLock(path, { command: 'berth verify' }), undefined, 'makes no file');
  (await acquireWriterLock(path, { command: 'berth install etcd' })).release();
  const readers = [
    await acquireReaderLock(path, { command: 'berth verify' }),
    await acquireReaderLock(path, { command: 'berth fsck' }),
  ];
  let written = false;
  const writer = acquireWriterLock(path, { command: 'berth prune' }).then((lock) => {
    written = true;
    return lock;
  });
  for (const reader of readers) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.equal(written, false);
    reader?.release();
  }
  using _held = await writer;
  const reader = acquireReaderLock(path, { command: 'berth verify' });
  const first = await Promise.race([reader, new Promise((resolve) => setTimeout(resolve, 120, 'waits'))]);
  assert.equal(first, 'waits');
  _held.release();
  (await reader)?.release();
});
