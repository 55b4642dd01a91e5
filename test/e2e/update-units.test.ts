import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage, REGISTRY } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

async function show(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

const unit = (...lines: string[]) =>
  [
    '[Unit]',
    'Description=$NAME',
    '[Service]',
    'Type=forking',
    'PIDFile=$PIDFILE',
    'ExecStartPre=$EXEC_STARTPRE',
    'ExecStart=$EXEC_START',
    'ExecStop=$EXEC_STOP',
    'ExecStopPost=$EXEC_STOPPOST',
    ...lines,
  ].join('\n');

/** Pushes an image with a unit of its own. */
async function push(version: string, files: Record<string, string>): Promise<void> {
  await pushImage(host, 'own', {
    from: 'sleeper',
    files: {
      version,
      'exports/manifest.json': '{"version": "1.0", "defaultValues": {"PORT": "8000"}}',
      ...files,
    },
  });
}

test('a new unit is installed, and enabled as it wants to be from then on', async () => {
  await push('1', { 'exports/service.template': unit('[Install]', 'WantedBy=multi-user.target') });
  await berth('install', '--now', 'own');
  await push('2', {
    'exports/service.template': unit('Environment=NEW=yes', '[Install]', 'WantedBy=graphical.target'),
  });
  const { stderr } = await berth('update', '--soak', '0', 'own');
  assert.match(
    stderr,
    /^-WantedBy=multi-user\.target\n\+Environment=NEW=yes\n \[Install\]$|^\+Environment=NEW=yes$/m,
  );
  const wanted = () => host.sh('cd /etc/systemd/system; ls -d *.wants/own.service');
  assert.equal(await show('own', 'Environment'), 'NEW=yes');
  assert.equal(await wanted(), 'graphical.target.wants/own.service');
  await berth('rollback', 'own');
  assert.equal(await wanted(), 'multi-user.target.wants/own.service');
  assert.equal(await show('own', 'Environment'), '');
  await berth('uninstall', 'own');
});

test('a socket that stays the same refuses nobody, one with another address listens there', async () => {
  const service = { 'exports/service.template': unit() };
  const socket = '[Socket]\nListenStream=127.0.0.1:$PORT\n[Install]\nWantedBy=sockets.target\n';
  await push('1', { ...service, 'exports/socket.template': socket });
  await berth('install', '--now', 'own');
  const connect = (port: number) =>
    host.sh(`(: </dev/tcp/127.0.0.1/${port}) 2>/dev/null && echo yes || echo no`);
  assert.equal(await connect(8000), 'yes');
  await host.sh('systemctl start own.service');
  const since = await show('own.socket', 'ActiveEnterTimestampMonotonic');
  await push('2', { ...service, 'exports/socket.template': socket });
  await berth('update', '--soak', '0', 'own');
  assert.equal(await show('own.socket', 'ActiveEnterTimestampMonotonic'), since);
  assert.equal(await show('own.service', 'ActiveState'), 'active');

  await berth('update', '--soak', '0', '--set', 'PORT=8001', 'own');
  assert.deepEqual([await connect(8000), await connect(8001)], ['no', 'yes']);
  assert.equal(await show('own.service', 'ActiveState'), 'active');
  await berth('rollback', 'own');
  assert.deepEqual([await connect(8000), await connect(8001)], ['yes', 'no']);

  // The next version has no socket any longer.
  await push('3', { 'exports/service.template': unit('[Install]', 'WantedBy=multi-user.target') });
  await berth('update', '--soak', '0', 'own');
  assert.equal(await connect(8000), 'no');
  assert.equal(await host.sh('ls /etc/systemd/system/own.socket 2>/dev/null || true'), '');
  assert.equal(await show('own.service', 'UnitFileState'), 'enabled');
  await berth('rollback', 'own');
  assert.equal(await show('own.socket', 'UnitFileState'), 'enabled');
  await berth('verify');
  await berth('uninstall', 'own');
});

test('instances are updated together, or one alone as long as they share nothing that changes', async () => {
  const service = (line: string) => ({
    'exports/service.template': unit(line, '[Install]', 'WantedBy=multi-user.target'),
  });
  await push('1', service('Environment=IS=one'));
  await berth('install', '--now', '--instance', 'a', '--instance', 'b', 'own');
  await push('2', service('Environment=IS=two'));
  // Its own drop-in makes the difference.
  await berth('update', '--soak', '0', 'own@a');
  assert.deepEqual(
    [await show('own@a', 'Environment'), await show('own@b', 'Environment')],
    ['IS=two', 'IS=one'],
  );
  await berth('update', '--soak', '0', 'own@b');
  assert.deepEqual(
    [await show('own@a', 'Environment'), await show('own@b', 'Environment')],
    ['IS=two', 'IS=two'],
  );
  await push('3', service('Environment=IS=three'));
  await berth('update', '--soak', '0', 'own@a', 'own@b');
  assert.deepEqual(
    [await show('own@a', 'Environment'), await show('own@b', 'Environment')],
    ['IS=three', 'IS=three'],
  );
  await berth('verify');
  const alone = await host.berth('rollback', 'own@b');
  assert.match(alone.stderr, /^Error: cannot change own@b alone: .*own@\.service: own@a shares this file/m);
  await berth('rollback', 'own@a', 'own@b');
  assert.deepEqual(
    [await show('own@a', 'Environment'), await show('own@b', 'Environment')],
    ['IS=two', 'IS=two'],
  );
  await berth('uninstall', 'own@a', 'own@b');
  assert.equal(await host.sh('ls -d /etc/systemd/system/own* 2>/dev/null || true'), '');
});

test('a service takes another image with --rebase, and stays with it', async () => {
  await push('1', {});
  await berth('install', '--now', 'own');
  await berth('update', '--rebase', 'sleeper', '--soak', '0', 'own');
  const record = JSON.parse((await berth('inspect', '--json', 'own')).stdout);
  assert.equal(record.image.name, `${REGISTRY}/sleeper:latest`);
  assert.match(
    (await berth('update', 'own')).stderr,
    /^own: up to date \(127\.0\.0\.1:5000\/sleeper:latest, /m,
  );
  await berth('uninstall', 'own');
});

test('a service below another root is updated and rolled back as files', async () => {
  await host.sh('mkdir -p /srv/root/etc /srv/root/usr/bin; cp /usr/bin/runc /srv/root/usr/bin/');
  const offline = (...args: string[]) => berth('--root', '/srv/root', ...args);
  await push('1', { 'exports/service.template': unit('[Install]', 'WantedBy=multi-user.target') });
  await offline('install', `${REGISTRY}/own`);
  await push('2', { 'exports/service.template': unit('[Install]', 'WantedBy=graphical.target') });
  await offline('update', 'own');
  const wanted = () => host.sh('cd /srv/root/etc/systemd/system; ls -d *.wants/own.service');
  assert.equal(await wanted(), 'graphical.target.wants/own.service');
  await offline('rollback', 'own');
  assert.equal(await wanted(), 'multi-user.target.wants/own.service');
  await offline('verify');
  await offline('uninstall', '--purge', 'own');
  assert.equal(await host.sh('find /srv/root/etc -type f -o -type l'), '');
});
