import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh('mkdir -p /var/www/html');
  await succeed(host, 'install', '--now', '--name', 'web', '--set', 'PORT=8080', 'httpd');
  await host.sh('until ss -ltn | grep -q :8080; do sleep 0.1; done');
  const sockets = [
    '--socket',
    'one=127.0.0.1:7001',
    '--socket',
    '/run/listener.sock',
    '--socket',
    'udp:127.0.0.1:7003',
  ];
  await succeed(host, 'install', '--now', ...sockets, 'listener');
  await succeed(host, 'install', '--now', 'sleeper');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

interface Port {
  service: string;
  protocol: string;
  address: string;
  port: number | null;
  unit: string;
  pid: number | null;
  process: string;
}

async function ports(...names: string[]): Promise<Port[]> {
  return JSON.parse((await succeed(host, 'ports', '--json', ...names)).stdout) as Port[];
}

const OF_LISTENER = ['tcp 127.0.0.1:7001', 'udp 127.0.0.1:7003', 'unix /run/listener.sock:null'];

async function ofListener(): Promise<string[]> {
  const found = await ports('listener');
  assert.ok(found.every(({ unit, pid }) => unit === 'listener.socket' && pid === null));
  return found.map(({ protocol, address, port }) => `${protocol} ${address}:${port}`);
}

test('ports lists what the processes of a service listen on, each socket once', async () => {
  const [first, ...others] = await ports('web');
  assert.deepEqual(others, []);
  assert.deepEqual(
    [first?.service, first?.protocol, first?.port, first?.unit],
    ['web', 'tcp', 8080, 'web.service'],
  );
  assert.match(first?.process ?? '', /apache|httpd/);
  assert.deepEqual(await ports('sleeper'), []);
});

test('ports lists what systemd listens on for a service, which need not run', async () => {
  assert.deepEqual(await ofListener(), OF_LISTENER);
  await host.sh('systemctl start listener.service');
  assert.deepEqual(await ofListener(), OF_LISTENER);
  await host.sh('systemctl stop listener.socket listener.service');
  assert.deepEqual(await ofListener(), []);
  await host.sh('systemctl start listener.socket');
});

test('ports is a table of all services', async () => {
  const { stdout } = await succeed(host, 'ports');
  assert.match(stdout, /^SERVICE +PROTOCOL +ADDRESS +UNIT +PROCESS$/m);
  assert.match(stdout, /^listener +unix +\/run\/listener\.sock +listener\.socket +systemd$/m);
  assert.match(stdout, /^web +tcp +\S+:8080 +web\.service +\S+ \(\d+\)$/m);
  assertFailure(await host.berth('ports', 'nobody'), { status: 4, says: /not installed: nobody/ });
});
