import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addActivation,
  addProxied,
  descriptorNames,
  nameDescriptors,
  shippedDescriptorNames,
} from '../../../../src/deployment/sockets/activation.ts';
import { chooseProxyTarget } from '../../../../src/deployment/sockets/proxy-target.ts';
import { printSocketAddress } from '../../../../src/deployment/sockets/socket-address.ts';
import {
  parseSocketRequest,
  type SocketOptions,
  type SocketRequest,
} from '../../../../src/deployment/sockets/socket-request.ts';
import type { OciConfig } from '../../../../src/runtime/oci-config.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { parseUnitFile } from '../../../../src/systemd/unit-file.ts';

const web = parseServiceName('web');

function request(options: SocketOptions): SocketRequest {
  const parsed = parseSocketRequest(options);
  assert.ok(parsed);
  return parsed;
}

test('descriptors are named in the order of the sockets; one without a name has that of its unit', () => {
  const names = descriptorNames(web, request({ socket: ['http=80', '/run/x', 'admin=81'] }));
  assert.deepEqual(names, ['http', 'web.socket', 'admin']);
});

test('the names reach the container by its environment, unless the image sets them', () => {
  const config = (env?: string[]): OciConfig => ({
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: true },
    process: { args: ['/x'], cwd: '/', ...(env === undefined ? {} : { env }) },
  });
  const envOf = (env: string[] | undefined, names: string[]) =>
    nameDescriptors(config(env), names).process.env;
  assert.deepEqual(envOf(['A=1'], ['http', 'admin']), ['A=1', 'LISTEN_FDNAMES=http:admin']);
  assert.deepEqual(envOf(undefined, ['http']), ['LISTEN_FDNAMES=http']);
  assert.deepEqual(envOf(['LISTEN_FDNAMES=own'], ['http']), ['LISTEN_FDNAMES=own']);
  assert.deepEqual(envOf(['A=1'], []), ['A=1']);
});

test('a socket unit of an image gives all of its sockets one name', () => {
  const text = '[Socket]\nListenStream=1\nListenStream=\nListenStream=80\nListenDatagram=81\n';
  assert.deepEqual(shippedDescriptorNames(web, text), ['web.socket', 'web.socket']);
  assert.deepEqual(shippedDescriptorNames(web, `${text}FileDescriptorName=http\nAccept=no\n`), [
    'http',
    'http',
  ]);
});

const USELESS: [string, string, RegExp][] = [
  ['that wants a service for each connection', '[Socket]\nListenStream=80\nAccept=yes\n', /Accept=yes/],
  ['for another service', '[Socket]\nListenStream=80\nService=ssh.service\n', /it is for ssh\.service/],
  ['that listens nowhere', '[Socket]\nListenStream=80\nListenStream=\n', /no Listen directive/],
];

for (const [what, text, message] of USELESS) {
  test(`a socket unit ${what} is refused`, () => {
    assert.throws(() => shippedDescriptorNames(web, text), { code: 'template-invalid', message });
  });
}

test('a service takes its sockets however it is started, and survives a few restarts in a row', () => {
  assert.deepEqual(
    addActivation(parseUnitFile('[Service]\nExecStart=/x\n', 'web.service'), web).map(
      ({ section, key, value }) => `${section} ${key}=${value}`,
    ),
    ['Unit StartLimitIntervalSec=30', 'Unit StartLimitBurst=20', 'Service Sockets=web.socket'],
  );
});

test('what an image says of sockets and limits counts', () => {
  const shipped = '[Unit]\nStartLimitBurst=1\n[Service]\nSockets=other.socket\n';
  assert.deepEqual(addActivation(parseUnitFile(shipped, 'web.service'), web), []);
});

test('a service behind a proxy gets no sockets, and stops with its proxy only if that may be idle', () => {
  const unit = parseUnitFile('[Service]\nExecStart=/x\n', 'web.service');
  const keys = (idle: string | null) => addProxied(unit, idle).map(({ key }) => key);
  assert.deepEqual(keys(null), ['StartLimitIntervalSec', 'StartLimitBurst']);
  assert.deepEqual(keys('5s'), ['StartLimitIntervalSec', 'StartLimitBurst', 'StopWhenUnneeded']);
});

const TARGETS: [string, SocketOptions, string[], string | undefined, string][] = [
  ['what the person says', { socket: ['80'], proxyTo: '[::1]:81' }, ['8080/tcp'], '8081', '[::1]:81'],
  ['a path that the person says', { socket: ['80'], proxyTo: '/run/x' }, [], undefined, '/run/x'],
  ['loopback, where only a port is said', { socket: ['80'], proxyTo: '81' }, [], undefined, '127.0.0.1:81'],
  ['the PORT of the templates', { socket: ['80'], proxy: true }, ['80/tcp'], '8081', '127.0.0.1:8081'],
  [
    'the first TCP port exposed',
    { socket: ['80'], proxy: true },
    ['53/udp', '8080/tcp', '9/tcp'],
    undefined,
    '127.0.0.1:8080',
  ],
  ['a port exposed without a protocol', { socket: ['80'], proxy: true }, ['8080'], 'x', '127.0.0.1:8080'],
];

for (const [what, options, exposedPorts, port, target] of TARGETS) {
  test(`a proxy connects to ${what}`, () => {
    const values = new Map(port === undefined ? [] : [['PORT', port]]);
    assert.equal(printSocketAddress(chooseProxyTarget(request(options), { exposedPorts }, values)), target);
  });
}

test('a proxy that could only connect to itself is refused, with the port to change', () => {
  for (const socket of ['80', '0.0.0.0:80', '[::]:80', '127.0.0.1:80']) {
    const options = request({ socket: ['81', socket], proxy: true });
    assert.throws(() => chooseProxyTarget(options, { exposedPorts: ['80/tcp'] }, new Map()), {
      code: 'usage',
      message: /connect to itself.*127\.0\.0\.1:80$/,
      hint: /--proxy-to/,
    });
    assert.throws(() => chooseProxyTarget(options, { exposedPorts: [] }, new Map([['PORT', '80']])), {
      hint: /--set PORT=/,
    });
  }
  const path = request({ socket: ['/run/x'], proxyTo: '/run/x' });
  assert.throws(() => chooseProxyTarget(path, { exposedPorts: [] }, new Map()), { code: 'usage' });
});

test('a proxy whose target nobody knows is refused', () => {
  const options = request({ socket: ['80'], proxy: true });
  for (const exposedPorts of [[], ['53/udp'], ['0/tcp'], ['70000/tcp']]) {
    assert.throws(() => chooseProxyTarget(options, { exposedPorts }, new Map()), {
      code: 'usage',
      hint: /--proxy-to/,
    });
  }
});

test('a socket of one address leaves others of its port to the server', () => {
  const options = request({ socket: ['192.0.2.1:80'], proxy: true });
  assert.equal(
    printSocketAddress(chooseProxyTarget(options, { exposedPorts: ['80/tcp'] }, new Map())),
    '127.0.0.1:80',
  );
});
