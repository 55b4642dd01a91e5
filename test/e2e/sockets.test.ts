import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import type { LoadReport } from './load.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh('mkdir -p /var/www/html; echo "<h1>from the host</h1>" >/var/www/html/index.html');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function berth(...args: string[]): Promise<string> {
  const { stderr, combined, exitCode } = await host.berth(...args);
  assert.equal(exitCode, 0, combined);
  return stderr;
}

async function show(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

/** Sends a line to PORT, /PATH or udp:PORT of the host, and returns the answer. */
async function ask(where: string, line: string): Promise<string> {
  const { stdout, combined, exitCode } = await host.run(process.execPath, [
    `${CHECKOUT}/test/e2e/ask.ts`,
    where,
    line,
  ]);
  assert.equal(exitCode, 0, combined);
  return stdout.trimEnd();
}

/** What becomes of 2,000 connections and more that are made while a unit is restarted ten times. */
async function restartUnderLoad(
  unit: string,
  where: string,
  request: string,
  answer: string,
): Promise<LoadReport> {
  const done = `/tmp/restarted-${unit}`;
  const options = { timeout: 300_000 };
  const loader = [`${CHECKOUT}/test/e2e/load.ts`, where, '2000', request, answer, done];
  const load = host.run(process.execPath, loader, options);
  const restarts = host.sh(
    `for time in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; systemctl restart ${unit}; done
     touch ${done}`,
    options,
  );
  const [{ stdout, combined, exitCode }] = await Promise.all([load, restarts]);
  assert.equal(exitCode, 0, combined);
  return JSON.parse(stdout) as LoadReport;
}

test('a service with a socket does not run before the first connection, and then gets its sockets by name', async () => {
  const said = await berth(
    ...['install', '--now', '--socket', 'one=127.0.0.1:7001', '--socket', 'two=/run/listener.sock'],
    ...['--socket', 'udp:127.0.0.1:7003', 'listener'],
  );
  assert.match(said, /^started listener\.socket/m);
  assert.equal(await show('listener.service', 'ActiveState'), 'inactive');
  assert.equal(await show('listener.socket', 'UnitFileState'), 'enabled');
  assert.equal(await show('listener.service', 'UnitFileState'), 'disabled');
  assert.match((await host.berth('list')).stdout, /^listener +active \(listening\) +enabled /m);

  assert.equal(await ask('7001', 'hello'), 'one hello');
  assert.equal(await show('listener.service', 'ActiveState'), 'active');
  assert.equal(await ask('/run/listener.sock', 'hello'), 'two hello');
  assert.equal(await ask('udp:7003', 'hello'), 'listener.socket hello');
  assert.match((await host.berth('list')).stdout, /^listener +active \(running\) +enabled /m);
});

test('a path and a datagram start the service as well', async () => {
  for (const [address, answer] of [
    ['/run/listener.sock', 'two again'],
    ['udp:7003', 'listener.socket again'],
  ] as const) {
    await host.sh('systemctl stop listener.service 2>/dev/null');
    assert.equal(await show('listener.service', 'ActiveState'), 'inactive');
    assert.equal(await ask(address, 'again'), answer);
  }
});

test('a service that is started by name gets its sockets, too', async () => {
  await host.sh('systemctl stop listener.socket listener.service; systemctl start listener.service');
  assert.equal(await show('listener.socket', 'ActiveState'), 'active');
  assert.equal(await ask('7001', 'hello'), 'one hello');
});

test('of 2,000 connections during ten restarts, none is refused and none is lost', async () => {
  const report = await restartUnderLoad('listener.service', '7001', 'hello\n', 'one hello\n');
  assert.ok(report.made >= 2000);
  assert.deepEqual(
    { refused: report.refused, lost: report.lost, answered: report.answered },
    { refused: 0, lost: 0, answered: report.made },
  );
  assert.match(await host.journal('listener.service'), /^(finished\n(.*\n)*){10}/m);
});

test('after a reboot only the socket is there, until somebody connects', async () => {
  await host.reboot();
  assert.equal(await show('listener.socket', 'SubState'), 'listening');
  assert.equal(await show('listener.service', 'ActiveState'), 'inactive');
  assert.equal(await ask('7001', 'hello'), 'one hello');
});

test('uninstall takes the sockets away, and their files', async () => {
  await berth('uninstall', 'listener');
  assert.equal(
    await host.sh(
      'ls -d /etc/systemd/system/listener* /etc/systemd/system/*/listener* /run/listener.sock 2>/dev/null || true',
    ),
    '',
  );
  assert.equal(await host.sh('ss --listening --no-header --tcp --udp "sport = :7001 or sport = :7003"'), '');
});

test('an image may ship its socket; what the person says goes before it', async () => {
  await berth('install', '--now', 'listener-shipped');
  assert.equal(await ask('7000', 'hello'), 'shipped hello');
  await berth('uninstall', 'listener-shipped');
  await berth('install', '--now', '--socket', 'mine=7002', 'listener-shipped');
  assert.equal(await ask('7002', 'hello'), 'mine hello');
  await assert.rejects(ask('7000', 'hello'), /ECONNREFUSED/);
  await berth('uninstall', 'listener-shipped');
});

test('the first connection waits until a server behind a proxy listens', async () => {
  await berth('install', '--now', '--socket', '/run/late.sock', '--proxy', '--idle', '1h', 'late');
  for (const line of ['hello', 'again']) {
    await host.sh('systemctl stop late.service');
    assert.equal(await ask('/run/late.sock', line), `late ${line}`);
  }
  await berth('uninstall', 'late');
});

test('behind a proxy a server runs from the first connection on that knows nothing of sockets', async () => {
  const said = await berth(
    ...[
      'install',
      '--now',
      '--name',
      'web',
      '--set',
      'PORT=8080',
      '--socket',
      '127.0.0.1:80',
      '--proxy',
      'httpd',
    ],
  );
  assert.match(said, /^started web\.socket/m);
  for (const unit of ['web.service', 'web-proxy.service'])
    assert.equal(await show(unit, 'ActiveState'), 'inactive');
  // The first connection of all: it waits until the server listens.
  assert.match(await host.sh('curl --silent --fail --max-time 20 http://127.0.0.1/'), /from the host/);
  for (const unit of ['web.service', 'web-proxy.service'])
    assert.equal(await show(unit, 'ActiveState'), 'active');
});

test('of 2,000 connections through the proxy during ten restarts, none is refused', async (context) => {
  const report = await restartUnderLoad('web.service', '80', 'GET / HTTP/1.0\r\n\r\n', 'from the host');
  assert.ok(report.made >= 2000);
  assert.equal(report.refused, 0);
  context.diagnostic(JSON.stringify(report));
  // What the proxy had taken when it was stopped goes with it: at most one for each lane and restart.
  assert.ok(report.lost <= 160);
  assert.equal(await show('web.socket', 'ActiveState'), 'active');
});

test('connections wait for a server that died', async () => {
  await host.sh('systemctl kill --signal KILL web.service');
  assert.match(await host.sh('curl --silent --fail --max-time 20 http://127.0.0.1/'), /from the host/);
  await berth('uninstall', 'web');
});

test('an idle service stops, and comes back with the next connection', async () => {
  await berth(
    ...[
      'install',
      '--now',
      '--name',
      'web',
      '--set',
      'PORT=8080',
      '--socket',
      '80',
      '--proxy',
      '--idle',
      '1s',
    ],
    'httpd',
  );
  for (const time of [1, 2]) {
    assert.match(
      await host.sh('curl --silent --fail --max-time 20 http://127.0.0.1/'),
      /from the host/,
      `${time}`,
    );
    await host.sh('until [ "$(systemctl is-active web.service)" = inactive ]; do sleep 0.1; done');
    assert.equal(await show('web-proxy.service', 'ActiveState'), 'inactive');
    assert.equal(await show('web.socket', 'SubState'), 'listening');
    assert.equal(
      await host.sh('find /sys/fs/cgroup/system.slice -path "*/web*" -name cgroup.procs -exec cat {} +'),
      '',
    );
  }
  await berth('uninstall', 'web');
  assert.equal(
    await host.sh('ls -d /etc/systemd/system/web* /etc/systemd/system/*/web* 2>/dev/null || true'),
    '',
  );
});

const REFUSED: [string, string[], RegExp][] = [
  ['a proxy to itself', ['--socket', '80', '--proxy', 'httpd'], /itself.*\nHint: .*--set PORT=/],
  [
    'a proxy to nowhere',
    ['--socket', '80', '--proxy', 'sleeper'],
    /exposes no TCP port.*\nHint: .*--proxy-to/,
  ],
  ['sockets for two images', ['--socket', '80', 'sleeper', 'httpd'], /--socket is for one image/],
  ['sockets for instances', ['--socket', '80', '--instance', 'a', 'sleeper'], /not for instances/],
  ['a host’s name', ['--socket', 'localhost:80', 'sleeper'], /not an address/],
];

for (const [what, args, message] of REFUSED) {
  test(`${what} cannot be asked for`, async () => {
    const { exitCode, stderr } = await host.berth('install', '--now', ...args);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, message);
  });
}

test('a socket on a port that is taken fails, says why, and leaves nothing', async () => {
  const { exitCode, stderr } = await host.berth('install', '--now', '--socket', '127.0.0.1:5000', 'listener');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^Error: cannot start: listener\.socket: /m);
  assert.match(stderr, /Address already in use/);
  assert.match(stderr, /^Hint: see who listens there: ss -tulnp$/m);
  assert.equal(await host.sh('ls -d /etc/systemd/system/listener* 2>/dev/null || true'), '');
  assert.equal(await host.sh('systemctl list-units --all --plain --no-legend "listener*"'), '');
});

test('a service that fails is not started faster by who waits for it than without', async () => {
  // systemd itself does not start it again in this time.
  await host.sh(`mkdir /etc/systemd/system/crashing.service.d
    printf '[Service]\\nRestartSec=1h\\n' >/etc/systemd/system/crashing.service.d/late.conf`);
  await berth('install', '--now', '--socket', '7004', 'crashing');
  await host.sh('timeout 2 cat </dev/tcp/127.0.0.1/7004 || true');
  const starts = (await host.journal('crashing.service')).match(/^Starting crashing\.service/gm);
  assert.equal(starts?.length, 1);
  assert.equal(await show('crashing.socket', 'ActiveState'), 'active');
  await berth('uninstall', 'crashing');
});
