import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkDocument } from '../../schemas/documents.ts';
import { ScratchHost } from '../provision/scratch-host.ts';
import { FakeRegistry } from '../transport/fake-registry.ts';
import { layoutFiles, writeFiles } from '../transport/sample-image.ts';
import { type BerthRun, runBerth } from './run-berth.ts';

function lock(host: ScratchHost, ...args: string[]): Promise<BerthRun> {
  return runBerth(['--root', host.paths.root, 'lock', ...args]);
}

function declare(...images: string[]): string {
  const services = images.map((image, index) => `  s${index}: {image: "${image}"}`);
  return ['version: 1', 'services:', ...services, ''].join('\n');
}

test('a lock has the digest of each image that is declared, sorted, and of an index its own', async () => {
  await using registry = await FakeRegistry.start();
  const web = registry.addImage('team/web', '1', { config: { Cmd: ['a'] } }).manifest;
  const arm = { ...web, platform: { os: 'linux', architecture: 'arm64' } };
  const index = registry.addIndex('team/multi', 'latest', [arm]);
  const images = [
    `${registry.host}/team/web:1`,
    `${registry.host}/team/multi`,
    `${registry.host}/team/web:1`,
  ];
  using host = new ScratchHost({ 'host.yaml': declare(...images) });
  const { status, stderr } = await lock(host);
  assert.deepEqual([status, stderr.includes('wrote')], [0, true]);
  const file = host.paths.hostFile('host.lock');
  const expected = `{
  "version": 1,
  "images": {
    "${registry.host}/team/multi": "${index.digest}",
    "${registry.host}/team/web:1": "${web.digest}"
  }
}
`;
  assert.equal(readFileSync(file, 'utf8'), expected);
  const { ino } = statSync(file);
  const again = JSON.parse((await lock(host, '--json')).stdout) as { written: boolean };
  assert.equal(again.written, false);
  assert.equal(statSync(file).ino, ino, 'it is not written anew');
  // No layer and no config is fetched.
  assert.deepEqual(registry.seen(/\/blobs\//), []);
});

test('a tag that moved is renewed, and with --keep it is not; what nothing declares goes', async () => {
  await using registry = await FakeRegistry.start();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `${registry.host}/${name}:1`) as [string, string, string];
  const put = (name: string, command: string) =>
    registry.addImage(name, '1', { config: { Cmd: [command] } }).manifest.digest;
  const old = put('a', 'old');
  put('b', 'old');
  using host = new ScratchHost({ 'host.yaml': declare(a, b) });
  await lock(host);
  const renewed = put('a', 'new');
  const digest = put('c', 'new');
  host.write('host.yaml', declare(a, c));
  const images = async (...args: string[]) =>
    (JSON.parse((await lock(host, '--json', ...args)).stdout) as { images: object[] }).images;
  assert.deepEqual(await images('--keep'), [
    { image: a, digest: old, before: old },
    { image: c, digest, before: null },
  ]);
  assert.deepEqual(await images(), [
    { image: a, digest: renewed, before: old },
    { image: c, digest, before: digest },
  ]);
});

test('an image that cannot be found leaves the lock as it was', async () => {
  await using registry = await FakeRegistry.start();
  using host = new ScratchHost({
    'host.yaml': declare(`${registry.host}/gone:1`),
    'host.lock': '{"version": 1, "images": {}}',
  });
  const { status, stdout, stderr } = await lock(host);
  assert.deepEqual([status, stdout], [4, '']);
  assert.match(stderr, /gone:1/);
  assert.equal(readFileSync(host.paths.hostFile('host.lock'), 'utf8'), '{"version": 1, "images": {}}');
});

test('a lock that is broken is not taken for none', async () => {
  for (const broken of [
    '<<<<<<< HEAD',
    '{"version": 2, "images": {}}',
    '{"version": 1, "images": {"a": "b"}}',
  ]) {
    using host = new ScratchHost({ 'host.yaml': 'version: 1\n', 'host.lock': broken });
    const { status, stderr } = await lock(host);
    assert.equal(status, 1);
    assert.match(stderr, /^Error: not a lock: .*host\.lock: /);
  }
});

test('a lock stands beside the file that it is of, and on stdout for standard input', async () => {
  using host = new ScratchHost();
  const layout = join(host.paths.root, 'layout');
  writeFiles(layout, layoutFiles('web'));
  const text = declare(`oci:${layout}:web`);
  const file = host.write('services.yaml', text);
  const beside = await lock(host, '-f', file);
  assert.equal(beside.status, 0, beside.stderr);
  const written = readFileSync(file.replace(/yaml$/, 'lock'), 'utf8');
  assert.match(written, /"oci:.*layout:web": "sha256:/);
  const args = ['--root', host.paths.root, 'lock', '-f', '-'];
  assert.equal((await runBerth(args, { input: text })).stdout, written);
  const json = JSON.parse((await runBerth([...args, '--json'], { input: text })).stdout);
  assert.deepEqual(checkDocument('lock', json), []);
  assert.deepEqual([json.path, json.written, json.images.length], [null, false, 1]);
});

test('mistakes in host.yaml are told in the form of every error', async () => {
  using host = new ScratchHost({ 'host.yaml': 'version: 1\nservices: {web: {}, db: {}}\n' });
  const { status, stdout, stderr } = await lock(host);
  assert.deepEqual([status, stdout], [1, '']);
  assert.equal(
    stderr.replaceAll(host.directory, '/etc/berth'),
    [
      'Error: cannot use what is declared: 2 mistakes:',
      '/etc/berth/host.yaml:2:12: services.web.image is missing: name an image',
      '/etc/berth/host.yaml:2:21: services.db.image is missing: name an image',
      `Hint: \${VISUAL:-\${EDITOR:-vi}} +2 /etc/berth/host.yaml`,
      '',
    ].join('\n'),
  );
});
