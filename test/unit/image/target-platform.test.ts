import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '../../../src/image/platform.ts';
import { targetPlatform } from '../../../src/image/target-platform.ts';
import { makeFifo } from '../../../src/linux/node.ts';
import { Paths } from '../../../src/paths.ts';

function makeSystem(shell: Uint8Array | undefined): Paths & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'berth-platform-'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  if (shell !== undefined) writeFileSync(join(root, 'usr/bin/dash'), shell);
  symlinkSync('/usr/bin/dash', join(root, 'usr/bin/sh'));
  return Object.assign(new Paths(root), { [Symbol.dispose]: () => rmSync(root, { recursive: true }) });
}

function elf(order: 1 | 2, machine: number): Uint8Array {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header[5] = order;
  if (order === 1) header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  return header;
}

test('images are chosen for the programs of the system below another root', () => {
  const table = [
    [1, 62, 'amd64'],
    [1, 183, 'arm64'],
    [1, 243, 'riscv64'],
    [2, 22, 's390x'],
    [1, 21, 'ppc64le'],
    [2, 21, 'ppc64'],
  ] as const;
  for (const [order, machine, architecture] of table) {
    using paths = makeSystem(elf(order, machine));
    assert.deepEqual(targetPlatform(paths), { os: 'linux', architecture });
  }
});

test('without a program that tells, they are for the baseline of this machine', () => {
  const { architecture } = hostPlatform();
  for (const shell of [undefined, Buffer.from('#!/bin/busybox'), Buffer.alloc(0), elf(1, 62 << 8)]) {
    using paths = makeSystem(shell);
    assert.deepEqual(targetPlatform(paths), { os: 'linux', architecture });
  }
  assert.deepEqual(targetPlatform(new Paths()), hostPlatform());
});

test('what is no file there is not read', () => {
  using paths = makeSystem(undefined);
  makeFifo(join(paths.root, 'usr/bin/dash'), 0o644);
  symlinkSync('/bin', join(paths.root, 'bin'));
  assert.equal(targetPlatform(paths).architecture, hostPlatform().architecture);
});
