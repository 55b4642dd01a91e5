import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { callLibcAsync } from '../../../src/linux/libc.ts';
import { WriteBack } from '../../../src/linux/write-back.ts';

test('writing back is over once it is finished, however often it was started', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const writeBack = new WriteBack(directory);
  for (const _time of [1, 2, 3]) writeBack.start();
  await writeBack.finish();
  writeBack.start();
  await writeBack.finish();
  writeBack.start();
  writeBack.startLast();
  await writeBack.finish();
});

test('what writing back met is told in the end, later rounds or not', async () => {
  const writeBack = new WriteBack('/nonexistent');
  writeBack.start();
  await assert.rejects(writeBack.finish(), { code: 'io', message: /no such file/ });
  writeBack.start();
  await assert.rejects(writeBack.finish(), { code: 'io', message: /no such file/ });
});

test('a call that fails in another thread tells why', async () => {
  await assert.rejects(callLibcAsync('int syncfs(int)', [-1]), { code: 'EBADF', syscall: 'syncfs' });
});
