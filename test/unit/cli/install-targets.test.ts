import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Context } from '../../../src/cli/context.ts';
import { installTargets, type TargetOptions } from '../../../src/cli/install-targets.ts';
import { Output } from '../../../src/cli/output.ts';
import type { ForeignRootfs } from '../../../src/deployment/foreign-rootfs.ts';
import { scratch } from '../layer/scratch.ts';

const IMAGE = 'registry.example/team/web:1';
const NONE: TargetOptions = {
  ...{ instance: [], set: [], socket: [], requires: [], after: [], before: [] },
  enable: true,
};

async function targets(
  context: TestContext,
  images: string[],
  options: Partial<TargetOptions>,
  rootfs?: ForeignRootfs,
) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const streams = { stdin, stdout, stderr, env: {} };
  const command = new Context(new Output(streams), streams, new AbortController().signal);
  command.enter({ root: scratch(context) });
  const made = await installTargets(images, { ...NONE, ...options }, command, { rootfs });
  return made.map(({ name, image, settings, sockets }) => ({
    name,
    image,
    settings: Object.fromEntries(settings),
    sockets: sockets?.listen.length ?? 0,
  }));
}

test('each image is a service of the last part of its name', async (context) => {
  const other = 'registry.example/db';
  assert.deepEqual(await targets(context, [IMAGE, other], { set: ['A=1'] }), [
    { name: 'web', image: IMAGE, settings: { A: '1' }, sockets: 0 },
    { name: 'db', image: other, settings: { A: '1' }, sockets: 0 },
  ]);
});

test('an instance has the values of all and its own, whatever their order', async (context) => {
  const set = ['b:PORT=81', 'PORT=80', 'b:NAMES=x:y=z', 'URL=http://a'];
  assert.deepEqual(await targets(context, [IMAGE], { name: 'app', instance: ['a', 'b'], set }), [
    { name: 'app@a', image: IMAGE, settings: { PORT: '80', URL: 'http://a' }, sockets: 0 },
    { name: 'app@b', image: IMAGE, settings: { PORT: '81', URL: 'http://a', NAMES: 'x:y=z' }, sockets: 0 },
  ]);
});

test('a command line goes before a file of values, an instance before all', async (context) => {
  const directory = scratch(context);
  mkdirSync(directory, { recursive: true });
  const values = join(directory, 'values.yaml');
  writeFileSync(values, 'A: file\nB: file\nC: file\n');
  const [only] = await targets(context, [IMAGE], {
    instance: ['a'],
    set: ['a:C=own', 'B=all', 'C=all'],
    values,
  });
  assert.deepEqual(only?.settings, { A: 'file', B: 'all', C: 'own' });
});

test('the sockets are those of the one service', async (context) => {
  const [only] = await targets(context, [IMAGE], { socket: ['80', 'udp:53'] });
  assert.equal(only?.sockets, 2);
});

const REFUSED: [string, string[], Partial<TargetOptions>, RegExp][] = [
  ['a name for two images', [IMAGE, 'x'], { name: 'a' }, /--name is for one image/],
  ['instances of two images', [IMAGE, 'x'], { instance: ['a'] }, /--instance is for one image/],
  ['sockets for two images', [IMAGE, 'x'], { socket: ['80'] }, /--socket is for one image/],
  ['sockets for an instance', [IMAGE], { socket: ['80'], instance: ['a'] }, /not for instances/],
  ['sockets for an instance by its name', [IMAGE], { socket: ['80'], name: 'web@a' }, /not for instances/],
  ['an instance of an instance', [IMAGE], { name: 'web@a', instance: ['b'] }, /--name web@a/],
  ['values of an unknown instance', [IMAGE], { instance: ['a'], set: ['b:A=1'] }, /--set b:A=1/],
  ['values of no instance', [IMAGE], { instance: ['a'], set: [':A=1'] }, /--set :A=1/],
];

for (const [what, images, options, message] of REFUSED) {
  test(`${what} cannot be asked for`, async (context) => {
    await assert.rejects(targets(context, images, options), { code: 'usage', message });
  });
}

test('a root file system without an image is a service of the last part of its path', async (context) => {
  const named = async (path: string, options: Partial<TargetOptions> = {}) =>
    (await targets(context, [], options, { named: path, directory: '/srv/1', command: [] }))[0];
  assert.deepEqual(await named('/srv/web/'), {
    name: 'web',
    image: 'rootfs:/srv/web/',
    settings: {},
    sockets: 0,
  });
  assert.equal((await named('/srv/app/rootfs'))?.name, 'app');
  assert.equal((await named('/srv/app/rootfs', { name: 'x', instance: ['a'] }))?.name, 'x@a');
  await assert.rejects(named('/'), { code: 'service-name-invalid' });
});
