import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NO_DEPENDENCIES } from '../../../src/deployment/dependencies.ts';
import type { DeclaredService } from '../../../src/provision/declared-service.ts';
import { ScratchHost } from './scratch-host.ts';

const HTTPD = 'registry.example.com/httpd:2.4';

/** Each service by its name, with what a test asks for. */
function pick<Key extends keyof DeclaredService>(services: DeclaredService[], key: Key) {
  return Object.fromEntries(services.map((service) => [service.name, service[key]]));
}

test('a service needs only an image: it is enabled, started, and updated by apply', async () => {
  using host = new ScratchHost({ 'host.yaml': `version: 1\nservices:\n  web: {image: "${HTTPD}"}\n` });
  const file = join(host.directory, 'host.yaml');
  const { services, files, lockFile, doubts } = await host.read();
  assert.deepEqual(doubts.lines, []);
  assert.deepEqual(
    { services, files, lockFile },
    {
      services: [
        {
          name: 'web',
          image: HTTPD,
          values: {},
          enabled: true,
          started: true,
          sockets: null,
          dependencies: NO_DEPENDENCIES,
          update: 'apply',
          mounts: [],
          resources: {},
          position: { file, line: 3, column: 3 },
        },
      ],
      files: [file],
      lockFile: join(host.directory, 'host.lock'),
    },
  );
});

test('everything that can be said of a service is read', async () => {
  using host = new ScratchHost({
    'host.yaml': `
# yaml-language-server: $schema=host.schema.json
$schema: host.schema.json
version: 1
services:
  web:
    image: ${HTTPD}
    values: {PORT: 8090, VERSION: 1.10, EMPTY: "", DEBUG: yes, TIME: 12:30, NULL: "null"}
    enabled: false
    started: False
    sockets: {listen: [8080, "http=127.0.0.1:80"], proxy: 8090, idle: 10min}
    requires: [etcd]
    after: [network-online.target]
    before: [app@a]
    update: pinned
    mounts:
      - {source: /srv/www, destination: /var/www/, readOnly: true}
      - {source: /run/x, destination: /run/x}
    resources: {MemoryMax: 512M, CPUQuota: 50%, LimitNOFILE: 1024:infinity, Nice: -5, MemoryAccounting: true}
`,
  });
  const [web] = (await host.read()).services;
  assert.deepEqual(web, {
    name: 'web',
    image: HTTPD,
    values: { PORT: '8090', VERSION: '1.10', EMPTY: '', DEBUG: 'yes', TIME: '12:30', NULL: 'null' },
    enabled: false,
    started: false,
    sockets: {
      listen: [
        { name: null, type: 'stream', address: { kind: 'ip', host: null, port: 8080 } },
        { name: 'http', type: 'stream', address: { kind: 'ip', host: '127.0.0.1', port: 80 } },
      ],
      proxy: { target: { kind: 'ip', host: null, port: 8090 }, idle: '10min' },
    },
    dependencies: {
      requires: ['etcd.service'],
      after: ['network-online.target'],
      before: ['app@a.service'],
    },
    update: 'pinned',
    mounts: [
      { source: '/srv/www', destination: '/var/www', readOnly: true },
      { source: '/run/x', destination: '/run/x', readOnly: false },
    ],
    resources: {
      MemoryMax: '512M',
      CPUQuota: '50%',
      LimitNOFILE: '1024:infinity',
      Nice: '-5',
      MemoryAccounting: 'true',
    },
    position: { file: join(host.directory, 'host.yaml'), line: 6, column: 3 },
  });
});

test('an instance has what its service has, and its own before it', async () => {
  using host = new ScratchHost({
    'host.yaml': `
version: 1
services:
  web:
    image: ${HTTPD}
    values: {PORT: 80, ROOT: /srv}
    instances:
      a: {values: {PORT: 81}}
      b: {values: {ROOT: null}, started: false}
      c:
`,
  });
  const { services } = await host.read();
  assert.deepEqual(pick(services, 'values'), {
    'web@a': { PORT: '81', ROOT: '/srv' },
    'web@b': { PORT: '80' },
  });
  assert.deepEqual(pick(services, 'started'), { 'web@a': true, 'web@b': false });
});

test('files are laid upon one another: what is included, the file itself, then host.d by name', async () => {
  using host = new ScratchHost({
    'host.yaml': `
version: 1
include: [parts/*.yaml]
services:
  web: {image: "${HTTPD}", values: {FROM: host, HOST: 1}, after: [a, b]}
`,
    'parts/web.yaml': 'version: 1\nservices: {web: {values: {FROM: part, PART: 1}, enabled: false}}\n',
    'parts/.hidden.yaml': 'broken',
    'parts/db.yaml':
      'version: 1\nservices: {db: {image: registry.example.com/db}, x: {image: registry.example.com/x}}\n',
    'host.d/20-b.yaml': 'version: 1\nservices: {web: {values: {FROM: b}}}\n',
    'host.d/10-a.yaml': 'version: 1\nservices: {web: {values: {FROM: a, HOST: null}, after: [c]}, x: null}\n',
    'host.d/README': 'not read',
  });
  const { services, files } = await host.read();
  assert.deepEqual(pick(services, 'values'), { db: {}, web: { FROM: 'b', PART: '1' } });
  assert.deepEqual(pick(services, 'enabled'), { db: true, web: false });
  assert.deepEqual(services.find(({ name }) => name === 'web')?.dependencies.after, ['c.service']);
  assert.deepEqual(
    files.map((file) => file.slice(host.directory.length + 1)),
    ['parts/db.yaml', 'parts/web.yaml', 'host.yaml', 'host.d/10-a.yaml', 'host.d/20-b.yaml'],
  );
});

test('an include that no file matches is told, and is no mistake', async () => {
  const text = 'version: 1\ninclude: [part/*.yaml, "*.yml"]\n';
  using host = new ScratchHost({ 'host.yaml': text, 'parts/web.yaml': 'version: 1\n' });
  const { doubts } = await host.read();
  const place = (column: number) => `${host.directory}/host.yaml:2:${column}: include`;
  assert.deepEqual(doubts.lines, [
    `${place(11)}: "part/*.yaml": no such file in ${host.directory}`,
    `${place(24)}: "*.yml": no such file in ${host.directory}`,
  ]);
  host.write('part/web.yaml', 'version: 1\n');
  host.write('a.yml', 'version: 1\n');
  assert.deepEqual((await host.read()).doubts.lines, []);
});

test('a mistake is told where the file stands that has the last word', async () => {
  using host = new ScratchHost({
    'host.yaml': `version: 1\nservices:\n  web: {image: "${HTTPD}", sockets: {listen: [80]}}\n`,
    'host.d/a.yaml': 'version: 1\nservices:\n  web: {sockets: {listen: [x]}}\n',
  });
  await assert.rejects(host.read(), {
    message: /: [^:]*\/host\.d\/a\.yaml:3:28: services\.web: not an address/,
  });
});

test('a file that is met twice is read once', async () => {
  using host = new ScratchHost({
    'a.yaml': 'version: 1\ninclude: [c.yaml]\n',
    'b.yaml': `version: 1\ninclude: [c.yaml]\nservices: {web: {enabled: false}}\n`,
    'c.yaml': `version: 1\nservices: {web: {image: "${HTTPD}", enabled: true}}\n`,
  });
  const { services, files, lockFile } = await host.read({ path: host.directory });
  assert.equal(files.length, 3);
  assert.deepEqual(pick(services, 'enabled'), { web: false });
  assert.equal(lockFile, join(host.directory, 'host.lock'));
});

test('a symlink to a file counts as the file, with what is beside that', async () => {
  using host = new ScratchHost({ 'kept/web.yaml': 'version: 1\ninclude: [parts/*.yaml]\n' });
  host.write('kept/parts/a.yaml', `version: 1\nservices: {a: {image: "${HTTPD}"}}\n`);
  const link = join(host.directory, 'host.yaml');
  symlinkSync('kept/web.yaml', link);
  assert.deepEqual(Object.keys(pick((await host.read()).services, 'name')), ['a']);
  assert.equal((await host.read({ path: link })).lockFile, join(host.directory, 'host.lock'));
});

test('services may listen at one port by different protocols and addresses', async () => {
  const listen = ['[udp:53]', '["127.0.0.1:53"]', '["127.0.0.2:53"]', '[/run/a.sock]', '[/run/b.sock]'];
  const services = listen.map((list, index) => `  s${index}: {image: x, sockets: {listen: ${list}}}`);
  using host = new ScratchHost({ 'host.yaml': ['version: 1', 'services:', ...services].join('\n') });
  assert.equal((await host.read()).services.length, listen.length);
});

test('below another root, symlinks lead to places below it', async () => {
  using host = new ScratchHost({ 'kept/a.yaml': `version: 1\nservices: {a: {image: "${HTTPD}"}}\n` });
  host.write('kept/b.yaml', `version: 1\nservices: {b: {image: "${HTTPD}"}}\n`);
  mkdirSync(join(host.directory, 'host.d'));
  symlinkSync('/etc/berth/kept/a.yaml', join(host.directory, 'host.yaml'));
  symlinkSync('/etc/berth/kept/b.yaml', join(host.directory, 'host.d/b.yaml'));
  assert.deepEqual(Object.keys(pick((await host.read()).services, 'name')), ['a', 'b']);
});

test('a symlink in host.d that leads nowhere is not passed over', async () => {
  using host = new ScratchHost({ 'host.yaml': 'version: 1\n', 'host.d/README': '' });
  symlinkSync('gone.yaml', join(host.directory, 'host.d/a.yaml'));
  await assert.rejects(host.read(), { code: 'io', message: /a\.yaml|gone\.yaml/ });
});

test('variables of the environment are put into texts, and only into those', async () => {
  const text = `
version: 1
environment: [TAG, PORT, ON, GONE, LINE]
services:
  web:
    image: registry.example.com/httpd:\${TAG}
    enabled: \${ON}
    values:
      PORT: \${PORT:-8080}
      GONE: \${GONE:-none}
      EMPTY: "\${GONE:-}"
      PRICE: 5$$
      LITERAL: $\${TAG}
`;
  using host = new ScratchHost();
  const { services } = await host.read({ text: Buffer.from(text) }, { TAG: '2.4', ON: 'false', GONE: '' });
  assert.deepEqual(pick(services, 'image'), { web: HTTPD });
  assert.deepEqual(pick(services, 'enabled'), { web: false });
  assert.deepEqual(pick(services, 'values'), {
    web: { PORT: '8080', GONE: 'none', EMPTY: '', PRICE: '5$', LITERAL: `\${TAG}` },
  });
});

test('a variable cannot bring YAML with it', async () => {
  const text = `version: 1\nenvironment: [A]\nservices:\n  web:\n    image: ${HTTPD}\n    values:\n      A: \${A}\n`;
  using host = new ScratchHost();
  const read = (A: string) => host.read({ text: Buffer.from(text) }, { A });
  for (const value of ['x}}, evil: {image: x', '[1, 2]', '*a', '!!str', `\${A}`, 'null', '']) {
    assert.deepEqual(pick((await read(value)).services, 'values'), { web: { A: value } });
  }
  await assert.rejects(read('a\nevil: 1'), { code: 'host-invalid', message: /control character U\+000A/ });
});

test('names that mean something to JavaScript are names like others', async () => {
  const text = `version: 1\nservices:\n  constructor: {image: "${HTTPD}", values: {__proto__: a, toString: b}}\n`;
  using host = new ScratchHost();
  const [service] = (await host.read({ text: Buffer.from(text) })).services;
  assert.equal(service?.name, 'constructor');
  assert.deepEqual(Object.entries(service?.values ?? {}), [
    ['__proto__', 'a'],
    ['toString', 'b'],
  ]);
  await assert.rejects(host.read({ text: Buffer.from('version: 1\n__proto__: {}\n') }), {
    message: /unknown key "__proto__"/,
  });
});

test('nothing declared is an error, and not a host without services', async () => {
  using host = new ScratchHost();
  mkdirSync(host.directory, { recursive: true });
  await assert.rejects(host.read(), { code: 'host-invalid', message: /host\.yaml: no such file$/ });
  await assert.rejects(host.read({ path: host.directory }), { code: 'host-invalid', message: /no \*\.yaml/ });
  await assert.rejects(host.read({ path: join(host.directory, 'x.yaml') }), { code: 'io' });
  assert.deepEqual((await host.read({ text: Buffer.from('version: 1\n') })).services, []);
});
