import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import { checkDocument } from '../../schemas/documents.ts';
import { scratch } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { FakeRegistry } from '../transport/fake-registry.ts';
import { type BerthRun, runBerth } from './run-berth.ts';

function inspect(context: TestContext, ...args: string[]): Promise<BerthRun> {
  return runBerth(['--root', scratch(context), 'inspect', ...args]);
}

const CONFIG = {
  Entrypoint: ['/usr/bin/web'],
  Env: ['PORT=80'],
  ExposedPorts: { '80/tcp': {} },
  Labels: { 'org.opencontainers.image.title': 'Web' },
  Volumes: { '/srv': {} },
};

function layer(files: Record<string, string>): Buffer {
  const tar = new TarBuilder().directory('exports/');
  for (const [name, content] of Object.entries(files)) tar.file(`exports/${name}`, content);
  return Buffer.concat([tar.bytes(), Buffer.alloc(1024)]);
}

describe('berth inspect of an image in a registry', () => {
  it('shows what manifest and config say, without fetching a layer', async (context) => {
    await using registry = await FakeRegistry.start();
    const amd64 = registry.addImage('web', 'amd64', { config: CONFIG, layers: [layer({})] });
    const arm64 = registry.addImage('web', 'arm64', { architecture: 'arm64' });
    const index = registry.addIndex('web', 'latest', [
      { ...amd64.manifest, platform: { os: 'linux', architecture: 'amd64' } },
      { ...arm64.manifest, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    ]);
    const image = `docker://${registry.host}/web`;
    const { status, stdout, stderr } = await inspect(context, '--json', '--platform', 'linux/amd64', image);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^Hint: .*--values/);
    const shown = JSON.parse(stdout);
    assert.deepEqual(checkDocument('inspect', shown), []);
    assert.deepEqual(
      [shown.name, shown.digest, shown.index, shown.platform, shown.platforms],
      [
        `${registry.host}/web:latest`,
        amd64.manifest.digest,
        index.digest,
        'linux/amd64',
        ['linux/amd64', 'linux/arm64/v8'],
      ],
    );
    assert.deepEqual(shown.labels, CONFIG.Labels);
    assert.deepEqual(
      [shown.entrypoint, shown.env, shown.ports, shown.volumes, shown.values],
      [CONFIG.Entrypoint, CONFIG.Env, ['80/tcp'], ['/srv'], null],
    );
    const [{ digest, size } = assert.fail()] = amd64.layers;
    assert.equal(shown.size, amd64.config.size + size);
    assert.deepEqual(registry.seen(new RegExp(digest)), []);
  });
  it('prints the top document and the config byte for byte', async (context) => {
    await using registry = await FakeRegistry.start();
    const image = registry.addImage('web', '1', { config: CONFIG });
    const index = registry.addIndex('web', 'all', [
      { ...image.manifest, platform: { os: 'linux', architecture: 'amd64' } },
    ]);
    const raw = await inspect(context, '--raw', `${registry.host}/web:all`);
    assert.equal(digestOf(Buffer.from(raw.stdout)), index.digest);
    const config = await inspect(
      context,
      '--config',
      '--platform',
      'linux/amd64',
      `${registry.host}/web:all`,
    );
    assert.equal(digestOf(Buffer.from(config.stdout)), image.config.digest);
  });
  it('reads from the layers what can be set and what must be, and keeps none of them', async (context) => {
    await using registry = await FakeRegistry.start();
    const below = layer({
      'service.template': '[Service]\nExecStart=$EXEC_START --port $PORT --key $KEY\n',
      'manifest.json': '{"defaultValues": {"PORT": "80"}}',
    });
    const above = layer({ 'manifest.json': '{"defaultValues": {"PORT": "8080", "HOME_PAGE": "x"}}' });
    registry.addImage('web', '1', { layers: [below, above] });
    const root = scratch(context);
    const args = ['--root', root, 'inspect', '--json', '--platform', 'linux/amd64'];
    const { status, stdout, stderr } = await runBerth([...args, '--values', `${registry.host}/web:1`]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).values, [
      { name: 'HOME_PAGE', default: 'x', required: false },
      { name: 'KEY', default: null, required: true },
      { name: 'PORT', default: '8080', required: false },
    ]);
    assert.deepEqual(readdirSync(root), []);
  });
  it('says of an image without exports that nothing can be set', async (context) => {
    await using registry = await FakeRegistry.start();
    registry.addImage('web', '1', { architecture: 'riscv64' });
    const shown = JSON.parse((await inspect(context, '--json', `${registry.host}/web:1`)).stdout);
    assert.deepEqual([shown.platform, shown.values], ['linux/riscv64', []]);
  });
  it('tells of what is no service, no image of the store, and nowhere', async (context) => {
    await using registry = await FakeRegistry.start();
    const { status, stdout, stderr } = await inspect(context, 'web');
    assert.deepEqual([status, stdout], [4, '']);
    assert.match(stderr, /^Error: not installed: web\nHint: berth --root \S+ list\n$/);
    assert.match(
      (await inspect(context, 'web:1')).stderr,
      /^Error: not in the store: "web:1"\nHint: berth --root \S+ images/,
    );
    assert.equal((await inspect(context, `${registry.host}/web:1`)).status, 4);
  });
});
