import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { defaultCapabilities } from '../../../src/runtime/capabilities.ts';
import { healthCommand } from '../../../src/runtime/health-command.ts';
import { kernelCapabilities } from '../../../src/runtime/kernel-capabilities.ts';
import { findRuntime } from '../../../src/runtime/runtime.ts';
import { defaultSeccomp } from '../../../src/runtime/seccomp.ts';
import { ALLOWED, FORBIDDEN } from '../../../src/runtime/seccomp-syscalls.ts';
import { parseStopSignal } from '../../../src/runtime/stop-signal.ts';

function makeHost(...programs: string[]): Paths & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'berth-host-'));
  for (const program of programs) {
    mkdirSync(join(root, program, '..'), { recursive: true });
    writeFileSync(join(root, program), '', { mode: 0o755 });
  }
  return Object.assign(new Paths(root), { [Symbol.dispose]: () => rmSync(root, { recursive: true }) });
}

test('runc comes before crun, and a wanted one before both', async () => {
  using host = makeHost('/usr/sbin/runc', '/usr/bin/crun', '/opt/other');
  assert.deepEqual(await findRuntime(host), { path: '/usr/sbin/runc', name: 'runc' });
  assert.equal((await findRuntime(host, 'crun')).path, '/usr/bin/crun');
  assert.equal((await findRuntime(host, '/opt/other')).path, '/opt/other');
});

test('a host without a runtime is told what to install', async () => {
  using host = makeHost('/usr/bin/other');
  await assert.rejects(findRuntime(host), { code: 'runtime-missing', hint: /apt install runc/ });
  await assert.rejects(findRuntime(host, '/opt/runc'), { code: 'runtime-missing', message: /\/opt\/runc/ });
  await assert.rejects(findRuntime(host, '../runc'), { code: 'usage' });
});

test('a program that is not executable is no runtime', async () => {
  using host = makeHost('/usr/bin/runc', '/usr/bin/crun');
  chmodSync(host.locate('/usr/bin/runc'), 0o644);
  assert.equal((await findRuntime(host)).name, 'crun');
});

test('a runtime that others than root can change is refused', async () => {
  using host = makeHost('/usr/bin/runc', '/opt/x/runc', '/opt/y/runc');
  chmodSync(host.locate('/usr/bin/runc'), 0o757);
  await assert.rejects(findRuntime(host), { code: 'runtime-unsafe' });
  chownSync(host.locate('/opt/x/runc'), 1000, 0);
  await assert.rejects(findRuntime(host, '/opt/x/runc'), { code: 'runtime-unsafe' });
  chmodSync(host.locate('/opt/y'), 0o777);
  await assert.rejects(findRuntime(host, '/opt/y/runc'), {
    code: 'runtime-unsafe',
    message: /can change .*\/opt\/y$/,
  });
  symlinkSync('../y/runc', host.locate('/opt/x/link'));
  await assert.rejects(findRuntime(host, '/opt/x/link'), { code: 'runtime-unsafe' });
});

test('a runtime behind a symlink that others than root can point elsewhere is refused', async () => {
  using host = makeHost('/usr/sbin/runc', '/home/alice/x', '/opt/x');
  chownSync(host.locate('/home/alice'), 1000, 1000);
  symlinkSync('/usr/sbin/runc', host.locate('/home/alice/runc'));
  symlinkSync('/home/alice/runc', host.locate('/opt/runc'));
  for (const path of ['/home/alice/runc', '/opt/runc']) {
    await assert.rejects(findRuntime(host, path), {
      code: 'runtime-unsafe',
      message: /can change .*\/home\/alice$/,
    });
  }
});

test('a program that does not answer as a runtime does is none', async () => {
  for (const path of ['/usr/bin/false', '/usr/bin/true']) {
    await assert.rejects(findRuntime(new Paths('/'), path), {
      code: 'runtime-missing',
      message: `no OCI runtime: ${path}: --version does not answer as one does`,
    });
  }
});

test('stop signals are read by name and by number', () => {
  assert.deepEqual(parseStopSignal(), { name: 'SIGTERM', number: 15 });
  assert.deepEqual(parseStopSignal('quit'), { name: 'SIGQUIT', number: 3 });
  assert.deepEqual(parseStopSignal('28'), { name: 'SIGWINCH', number: 28 });
  assert.deepEqual(parseStopSignal('SIGRTMIN+3'), { name: 'SIGRTMIN+3', number: 37 });
  assert.deepEqual(parseStopSignal('RTMAX-1'), { name: 'SIGRTMIN+29', number: 63 });
  for (const text of [
    '',
    '0',
    '65',
    'SIGNOPE',
    'RTMIN+31',
    'TERM\nExecStart=/x',
    '__proto__',
    'constructor',
  ]) {
    assert.throws(() => parseStopSignal(text), { code: 'image-config-invalid' }, text);
  }
});

test('a health command is the argument list, or the shell line', () => {
  const rest = { interval: 0, timeout: 0, startPeriod: 0, retries: 0 };
  assert.deepEqual(healthCommand({ test: ['CMD', 'a', 'b'], ...rest }), ['a', 'b']);
  assert.deepEqual(healthCommand({ test: ['CMD-SHELL', 'a | b'], ...rest }), ['/bin/sh', '-c', 'a | b']);
  assert.equal(healthCommand({ test: ['NONE'], ...rest }), undefined);
  assert.equal(healthCommand(undefined), undefined);
});

test('no system call stands in both lists, and none twice', () => {
  const all = [...ALLOWED, ...FORBIDDEN];
  assert.deepEqual(
    all.filter((name, index) => all.indexOf(name) !== index),
    [],
  );
  for (const name of all) assert.match(name, /^[a-z0-9_]+$/);
});

test('what reaches the kernel or other namespaces is not allowed', () => {
  for (const name of [
    'mount',
    'bpf',
    'setns',
    'unshare',
    'kexec_load',
    'init_module',
    'io_uring_setup',
    'keyctl',
  ]) {
    assert.equal(ALLOWED.includes(name), false, name);
  }
});

test('an architecture that is not known gets the filter of the native one', () => {
  assert.deepEqual(defaultSeccomp('amd64').architectures?.[0], 'SCMP_ARCH_X86_64');
  assert.equal('architectures' in defaultSeccomp('sparc64'), false);
});

test('capabilities are known by the names of the kernel', () => {
  const all = kernelCapabilities(new Paths());
  assert.equal(all[0], 'CAP_CHOWN');
  for (const name of defaultCapabilities(0, []).bounding) assert.ok(all.includes(name), name);
  // Those of a system below another root do not hang on the kernel that installs into it.
  const there = kernelCapabilities(new Paths('/srv'));
  assert.deepEqual([there.length, there.at(-1)], [41, 'CAP_CHECKPOINT_RESTORE']);
});

test('another user than root has no capability but that of its low port', () => {
  assert.deepEqual(defaultCapabilities(33, ['8080/tcp']).bounding, []);
  assert.deepEqual(defaultCapabilities(33, ['8080/tcp', '80/tcp']).ambient, ['CAP_NET_BIND_SERVICE']);
});
