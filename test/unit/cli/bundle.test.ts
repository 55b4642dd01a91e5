import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { FakeRegistry } from '../transport/fake-registry.ts';
import { runBerth } from './run-berth.ts';

const layer = (text: string) => new TarBuilder().file('it', text).end();

test('a bundle has the images of host.yaml, with the digests of its lock', async (context) => {
  await using registry = await FakeRegistry.start();
  const { manifest } = registry.addImage('web', '1', { layers: [layer('old')] });
  const db = registry.addImage('db', 'latest', { layers: [layer('old')] });
  const root = scratch(context);
  const file = join(root, 'services.yaml');
  const output = join(root, 'services.tar');
  writeFileSync(
    file,
    `version: 1\nservices: { a: { image: "${registry.host}/web:1" }, b: { image: "${registry.host}/web:1" } }\n`,
  );
  const berth = async (...args: string[]) => await runBerth(['--root', root, ...args]);
  const digests = async (...more: string[]) => {
    const { status, stdout, stderr } = await berth(
      'bundle',
      '--platform',
      'linux/amd64',
      '-f',
      file,
      '-o',
      output,
      '--json',
      ...more,
    );
    assert.equal(status, 0, stderr);
    return Object.fromEntries(
      JSON.parse(stdout).images.map((image: { name: string; digest: string }) => [image.name, image.digest]),
    );
  };
  assert.equal((await berth('lock', '-f', file)).status, 0);
  registry.addImage('web', '1', { layers: [layer('new')] });
  assert.deepEqual(await digests('--locked'), { [`${registry.host}/web:1`]: manifest.digest });
  const both = await digests(`${registry.host}/db`);
  assert.deepEqual(Object.keys(both), [`${registry.host}/db:latest`, `${registry.host}/web:1`]);

  mkdirSync(join(root, 'etc/berth'), { recursive: true });
  writeFileSync(join(root, 'etc/berth/berth.yaml'), `registries: { search: ["${registry.host}"] }\n`);
  writeFileSync(file, 'version: 1\nservices: { db: { image: db } }\n');
  assert.equal((await berth('lock', '-f', file)).status, 0);
  registry.addImage('db', 'latest', { layers: [layer('new')] });
  assert.deepEqual(await digests('--locked'), { [`${registry.host}/db:latest`]: db.manifest.digest });

  writeFileSync(file, `version: 1\nservices: { c: { image: "${registry.host}/db" } }\n`);
  const before = readFileSync(output);
  const { status, stderr } = await berth('bundle', '--locked', '-f', file, '-o', output);
  assert.equal(status, 1);
  assert.match(stderr, /^Error: the lock does not fit what is declared: /m);
  assert.deepEqual(readFileSync(output), before);

  const nowhere = await berth('bundle', '-f', file, '-o', join(root, 'none/services.tar'));
  assert.equal(nowhere.status, 1);
  assert.match(
    nowhere.stderr,
    /^Error: cannot write: \S+: no such directory: \S+\/none\nHint: mkdir -p \S+\/none$/m,
  );
  assert.doesNotMatch(nowhere.stderr, /copying/);
});

test('a bundle is of something, and goes somewhere', async (context) => {
  const directory = scratch(context);
  const output = join(directory, 'services.tar');
  assert.equal((await runBerth(['bundle', '-o', output])).status, 2);
  assert.equal((await runBerth(['bundle', 'x'])).status, 2);
  assert.equal((await runBerth(['bundle', '--locked', '-o', output, 'x'])).status, 2);
  mkdirSync(output);
  assert.notEqual((await runBerth(['bundle', '-o', output, `oci:${directory}`])).status, 0);
});
