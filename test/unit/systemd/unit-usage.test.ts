import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readUsage } from '../../../src/systemd/unit-usage.ts';

const GROUP = '/system.slice/web.service';

let mounted: string;
beforeEach(() => {
  mounted = mkdtempSync(join(tmpdir(), 'berth-usage-'));
});
afterEach(() => rmSync(mounted, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(mounted, path)), { recursive: true });
  writeFileSync(join(mounted, path), text);
}

test('what a unit uses is read from its cgroup', () => {
  write('cgroup.controllers', 'cpu io memory pids\n');
  write(`${GROUP}/memory.current`, '4096000\n');
  write(`${GROUP}/cpu.stat`, 'usage_usec 48328\nuser_usec 27616\nsystem_usec 20712\n');
  write(`${GROUP}/pids.current`, '3\n');
  write(
    `${GROUP}/io.stat`,
    '8:0 rbytes=4096 wbytes=10 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2\n',
  );
  assert.deepEqual(readUsage(GROUP, mounted), {
    memoryBytes: 4096000,
    cpuSeconds: 0.048328,
    tasks: 3,
    ioReadBytes: 4097,
    ioWrittenBytes: 12,
  });
});

test('where the controllers have trees of their own, it is read from these', () => {
  write(`memory${GROUP}/memory.usage_in_bytes`, '123\n');
  write(`cpuacct${GROUP}/cpuacct.usage`, '48328499\n');
  write(`pids${GROUP}/pids.current`, '1\n');
  const { memoryBytes, cpuSeconds, tasks, ioReadBytes } = readUsage(GROUP, mounted);
  assert.deepEqual([memoryBytes, cpuSeconds, tasks, ioReadBytes], [123, 0.048328499, 1, null]);
});

test('what nobody counts is null', () => {
  write('cgroup.controllers', '');
  write(`${GROUP}/cgroup.procs`, '');
  const none = [null, null, null, null, null];
  assert.deepEqual(Object.values(readUsage(GROUP, mounted)), none);
  assert.deepEqual(Object.values(readUsage('', mounted)), none);
});
