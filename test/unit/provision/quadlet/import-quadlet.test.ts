import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Paths } from '../../../../src/paths.ts';
import { formatHost } from '../../../../src/provision/format-host.ts';
import { importQuadlet } from '../../../../src/provision/quadlet/import-quadlet.ts';
import { readHost } from '../../../../src/provision/read-host.ts';
import { runBerth } from '../../cli/run-berth.ts';
import { scratch } from '../../layer/scratch.ts';

const WEB = `\uFEFF# A web server, as people write them.
[Unit]
Description=Web server
After=db.container
Requires=db.container

[Container]
Image=registry.example.com/httpd:2.4
Volume=/srv/$site:/var/www:ro
Volume=./conf:/etc/httpd/conf.d
Environment=A=1 \\
  B=2
PublishPort=8080:80
PidsLimit=100

[Service]
Restart=always
MemoryHigh=90%
CPUQuotaPeriodSec=100

[Install]
WantedBy=multi-user.target
`;

function files(context: TestContext, contents: Record<string, string>): string {
  const directory = scratch(context);
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

const image = (name: string) => `[Container]\nImage=registry.example.com/${name}\n`;

test('what is printed is what berth apply reads', async (context) => {
  const directory = files(context, { 'web.container': WEB });
  const { service, findings } = importQuadlet(join(directory, 'web.container'));
  const text = Buffer.from(formatHost([service]));
  const { services } = await readHost({ text }, { env: {}, paths: new Paths(directory) });
  assert.deepEqual(
    services.map(({ position, ...each }) => each),
    [service],
  );
  assert.deepEqual(service.mounts, [
    { source: '/srv/$site', destination: '/var/www', readOnly: true },
    { source: join(directory, 'conf'), destination: '/etc/httpd/conf.d', readOnly: false },
  ]);
  assert.deepEqual(
    findings.map(({ line, key, verdict }) => [line, key, verdict]),
    [
      [3, 'Description', 'refused'],
      [11, 'Environment', 'refused'],
      [13, 'PublishPort', 'otherwise'],
      [17, 'Restart', 'refused'],
    ],
  );
});

test('drop-ins count after the file, of one name the most special one', (context) => {
  const directory = files(context, {
    'web-front.container': image('web'),
    'container.d/10-a.conf': '[Container]\nMemory=1g\n',
    'container.d/50-b.conf': '[Container]\nPidsLimit=5\n',
    'web-.container.d/10-a.conf': '[Container]\nMemory=2g\nVolume=/srv/a:/a\n',
    'web-front.container.d/20-c.conf': '[Container]\nVolume=\nPull=maybe\n',
    'web-front.container.d/readme.txt': 'not a drop-in',
  });
  const { service, findings } = importQuadlet(join(directory, 'web-front.container'));
  assert.deepEqual(service.resources, { MemoryMax: '2G', TasksMax: '5' });
  assert.deepEqual(service.mounts, []);
  assert.deepEqual(
    findings.map(({ file, line }) => [file, line]),
    [[join(directory, 'web-front.container.d/20-c.conf'), 3]],
  );
});

test('a template is its default instance, and a link to it another one', (context) => {
  const directory = files(context, {
    'sleep@.container': `${image('sleep')}Volume=/srv/%i:/data\n[Install]\nDefaultInstance=100\n`,
    'none@.container': image('none'),
    'sleep@.container.d/a.conf': '[Container]\nPidsLimit=7\n',
  });
  symlinkSync('sleep@.container', join(directory, 'sleep@a.container'));
  const sources = ['sleep@.container', 'sleep@a.container'].map((name) => {
    const { service } = importQuadlet(join(directory, name));
    return [service.name, service.mounts[0]?.source, service.resources['TasksMax']];
  });
  assert.deepEqual(sources, [
    ['sleep@100', '/srv/100', '7'],
    ['sleep@a', '/srv/a', '7'],
  ]);
  assert.throws(() => importQuadlet(join(directory, 'none@.container')), {
    code: 'usage',
    hint: /^ln -s \S*none@\.container \S*none@INSTANCE\.container/,
  });
});

test('other files than those of containers are refused, each with what to do instead', (context) => {
  const hints: Record<string, RegExp> = {
    volume: /Volume=\/srv\/data/,
    network: /network of the host/,
    pod: /\.container files/,
    kube: /host\.yaml/,
    image: /Image=/,
    build: /push it/,
    artifact: /directory of the host/,
    service: /NAME\.container/,
  };
  const directory = files(context, Object.fromEntries(Object.keys(hints).map((kind) => [`x.${kind}`, ''])));
  for (const [kind, hint] of Object.entries(hints)) {
    const file = join(directory, `x.${kind}`);
    assert.throws(() => importQuadlet(file), {
      code: 'usage',
      message: `cannot import: ${file}: not a .container file`,
      hint,
    });
  }
});

test('a file without an image, or with broken lines, is no service', (context) => {
  const directory = files(context, {
    'a.container': '[Container]\n',
    'b.container': '[Container]\nImage=other.image\n',
    'c.container': '[Container]\nRootfs=/srv/root\n',
    'd.container': '[Container]\nImage=UPPER case\n',
    'e.container': '[Container]\nImage\n',
  });
  const refuse = (name: string, message: RegExp) =>
    assert.throws(() => importQuadlet(join(directory, `${name}.container`)), {
      code: 'unit-invalid',
      message,
    });
  refuse('a', /: it names no image$/);
  refuse('b', /: it names no image: a \.image file/);
  refuse('c', /: it names no image: host\.yaml declares images/);
  refuse('d', /: it names no image: not a reference/);
  refuse('e', /e\.container:2: missing "="$/);
  assert.throws(() => importQuadlet(join(directory, 'f.container')), { code: 'io' });
  mkdirSync(join(directory, 'g.container'));
  assert.throws(() => importQuadlet(join(directory, 'g.container')), { code: 'unit-invalid' });
});

test('a file is written for each service, and none that is there is replaced unasked', async (context) => {
  const directory = files(context, { 'web.container': WEB, 'db.container': image('db') });
  const root = scratch(context);
  const written = join(root, 'etc/berth/host.d/db.yaml');
  const run = (...args: string[]) => runBerth(['--root', root, 'import', 'quadlet', ...args]);
  const first = await run('-w', join(directory, 'web.container'), join(directory, 'db.container'));
  assert.deepEqual([first.status, first.stdout], [0, ''], first.stderr);
  assert.match(first.stderr, /web\.container:11: \[Container\] Environment=: not taken: /);
  assert.match(readFileSync(written, 'utf8'), /^ {2}db:\n {4}image: registry\.example\.com\/db$/m);
  const second = await run('-w', join(directory, 'db.container'));
  assert.equal(second.status, 1);
  assert.match(second.stderr, /^Error: cannot write: \S*host\.d\/db\.yaml: it is there already\nHint: /m);
  assert.equal((await run('-w', '--force', join(directory, 'db.container'))).status, 0);
  const twice = await run(join(directory, 'db.container'), join(directory, 'db.container'));
  assert.deepEqual([twice.status, twice.stdout], [2, '']);
  const both = await run('-w', '-o', 'x', join(directory, 'db.container'));
  assert.equal(both.status, 2);
});

test('what berth apply would refuse is not written', async (context) => {
  const directory = files(context, { 'web.container': `${image('web')}Volume=/var/lib/berth:/x\n` });
  const output = join(directory, 'host.yaml');
  const { status, stderr } = await runBerth([
    'import',
    'quadlet',
    '-o',
    output,
    join(directory, 'web.container'),
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /^Error: cannot use what is declared: \S*host\.yaml:\d+:\d+: .*belongs to berth/m);
  assert.ok(!existsSync(output));
});

test('a file of more lines than anybody writes is refused at once', (context) => {
  const ports = Array.from({ length: 40_000 }, (_, port) => `PublishPort=${port + 1}:80\n`);
  const directory = files(context, {
    'many.container': `[Container]\nImage=registry.example.com/httpd\n${ports.join('')}`,
  });
  assert.throws(() => importQuadlet(join(directory, 'many.container')), {
    code: 'unit-invalid',
    message: /more than 1000 assignments/,
  });
});
