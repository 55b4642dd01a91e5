import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from '../../../src/runtime/check-config.ts';
import { addNotifySocket, NOTIFY_SOCKET } from '../../../src/runtime/notify.ts';
import type { Mount, OciConfig } from '../../../src/runtime/oci-config.ts';

function config(mounts: Mount[], env: string[] = []): OciConfig {
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: true },
    process: { args: ['/x'], cwd: '/', env },
    mounts,
    linux: { namespaces: [{ type: 'mount' }] },
  };
}

test('a container that notifies gets the socket, which it can only send to', () => {
  const tmpfs = { destination: '/run', type: 'tmpfs', source: 'tmpfs' };
  const notified = addNotifySocket(config([tmpfs], ['A=1']), { watchdog: undefined });
  assert.deepEqual(notified.mounts?.[0], tmpfs);
  const mount = notified.mounts?.[1];
  assert.deepEqual([mount?.source, mount?.destination], [NOTIFY_SOCKET, NOTIFY_SOCKET]);
  assert.ok(mount?.options?.includes('ro') && mount.options.includes('rprivate'));
  assert.deepEqual(notified.process.env, ['A=1', `NOTIFY_SOCKET=${NOTIFY_SOCKET}`]);
  checkConfig(notified);
});

test('the watchdog’s interval reaches the container, for whichever process it is', () => {
  const env = ['WATCHDOG_PID=7', 'WATCHDOG_USEC=1', 'NOTIFY_SOCKET=@other', 'WATCHDOG_USECS=kept'];
  assert.deepEqual(addNotifySocket(config([], env), { watchdog: 2e6 }).process.env, [
    'WATCHDOG_USECS=kept',
    `NOTIFY_SOCKET=${NOTIFY_SOCKET}`,
    'WATCHDOG_USEC=2000000',
  ]);
});

test('a container with the host’s own /run gets no second mount, which could reach the host', () => {
  const options = ['rbind', 'rshared'];
  for (const [destination, source] of [
    ['/run', '/run'],
    ['/run/', '/var/run'],
    ['/run/systemd', '/run/systemd'],
    ['/run/systemd/notify', '/run/systemd/notify'],
  ] as const) {
    const mounts = [{ destination, source, options }];
    assert.deepEqual(addNotifySocket(config(mounts), { watchdog: undefined }).mounts, mounts, destination);
  }
  const covered = [
    { destination: '/run', source: '/run', options },
    { destination: '/run', type: 'tmpfs', source: 'tmpfs' },
  ];
  assert.equal(addNotifySocket(config(covered), { watchdog: undefined }).mounts?.length, 3);
  const other = [{ destination: '/run', source: '/var/lib/web/run', options }];
  assert.equal(addNotifySocket(config(other), { watchdog: undefined }).mounts?.length, 2);
});
