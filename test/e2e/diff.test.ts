import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const config = { Cmd: ['/bin/sleep', 'infinity'] };

const push = (version: string) =>
  pushImage(host, 'web', {
    from: 'base',
    files: { version, 'opt/a': 'x'.repeat(2000), [`opt/${version}`]: '' },
    config,
  });

const berth = (...args: string[]) => succeed(host, ...args);

test('a service is compared with what was live before, and with what its tag stands for now', async () => {
  await push('1');
  await berth('install', 'web');
  assertFailure(await host.berth('diff', 'web'), {
    status: 4,
    says: /cannot compare: web: no other deployment is kept/,
    hint: /Hint: berth diff web --latest/,
  });
  await push('2');
  const { files, after: latest } = JSON.parse((await berth('diff', '--latest', '--json', 'web')).stdout);
  assert.deepEqual(
    files.map(({ path, change }: { path: string; change: string }) => `${change} ${path}`),
    ['removed /opt/1', 'added /opt/2', 'changed /version'],
  );
  assert.equal(latest.service, null);
  await berth('update', 'web');
  const { stdout, stderr } = await berth('diff', 'web');
  assert.match(stdout, /^\/ +0 +0 +1 +\+0 B\n\/opt +1 +1 +0 +\+0 B\ntotal +1 +1 +1 +\+0 B$/m);
  assert.match(stderr, /\(web, deployment 0\) to .* \(web, deployment 1\)/);
});
