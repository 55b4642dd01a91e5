import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderProxy, renderSocket } from '../../../../src/deployment/sockets/render-sockets.ts';
import { parseSocketAddress } from '../../../../src/deployment/sockets/socket-address.ts';
import { parseSocketRequest } from '../../../../src/deployment/sockets/socket-request.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { parseUnitFile } from '../../../../src/systemd/unit-file.ts';

const web = parseServiceName('web');
const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'render-sockets.json'), 'utf8')) as Case[];

interface Case {
  what: string;
  options: { socket: string[]; proxy?: boolean };
  socket: string[];
}

// Each case: what a person says, and the directives that come of it.
for (const { what, options, socket } of CASES) {
  test(`the socket unit of ${what}`, async () => {
    const request = parseSocketRequest(options);
    assert.ok(request);
    const { entries } = parseUnitFile(await renderSocket(web, request), 'web.socket');
    const expected = ['Description=Sockets of web', ...socket, 'WantedBy=sockets.target'];
    assert.deepEqual(
      entries.map(({ key, value }) => `${key}=${value}`),
      expected,
    );
  });
}

function makeHost(proxyd?: string): Paths & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'berth-proxy-'));
  if (proxyd !== undefined) {
    mkdirSync(join(root, proxyd, '..'), { recursive: true });
    writeFileSync(join(root, proxyd), '', { mode: 0o755 });
  }
  return Object.assign(new Paths(root), { [Symbol.dispose]: () => rmSync(root, { recursive: true }) });
}

test('the proxy starts the service, waits until it listens, and stops when it is idle', async () => {
  using paths = makeHost('/lib/systemd/systemd-socket-proxyd');
  const target = parseSocketAddress('127.0.0.1:8080', '');
  const unit = parseUnitFile(
    await renderProxy({ name: web, paths, target, idle: '10 min' }),
    'web-proxy.service',
  );
  assert.deepEqual(unit.words('Unit', 'BindsTo'), ['web.service']);
  assert.deepEqual(unit.words('Unit', 'After'), ['web.service', 'web.socket']);
  assert.match(
    unit.get('Service', 'ExecStartPre') ?? '',
    /^\+\/bin\/sh \/var\/lib\/berth\/deployments\/web\/current\/await-listener web\.service tcp:0100007F:1F90 /,
  );
  assert.equal(
    unit.get('Service', 'ExecStart'),
    '/lib/systemd/systemd-socket-proxyd --connections-max=8192 "--exit-idle-time=10 min" 127.0.0.1:8080',
  );
  assert.equal(unit.get('Service', 'DynamicUser'), 'yes');
});

test('a proxy to a path keeps the right to connect to it, and one without an idle time stays', async () => {
  using paths = makeHost('/usr/lib/systemd/systemd-socket-proxyd');
  const target = parseSocketAddress('/run/100%$x.sock', '');
  const unit = parseUnitFile(
    await renderProxy({ name: web, paths, target, idle: null }),
    'web-proxy.service',
  );
  assert.equal(unit.get('Service', 'DynamicUser'), undefined);
  assert.equal(
    unit.get('Service', 'ExecStart'),
    '/usr/lib/systemd/systemd-socket-proxyd --connections-max=8192 /run/100%%$$x.sock',
  );
});

test('a host without systemd-socket-proxyd is told so', async () => {
  using paths = makeHost();
  const target = parseSocketAddress('127.0.0.1:8080', '');
  await assert.rejects(renderProxy({ name: web, paths, target, idle: null }), {
    code: 'systemd-unreachable',
    message: /systemd-socket-proxyd/,
  });
});
