import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

test('an image that is only files for the host has no unit', async () => {
  await pushImage(host, 'tool', {
    files: {
      'exports/manifest.json': '{"version": "1.0", "noContainerService": true}',
      'exports/hostfs/usr/local/bin/tool': '#!/bin/sh\necho tool\n',
      'exports/hostfs/usr/local/share/tool/data/deep': 'deep\n',
    },
  });
  await berth('install', '--now', 'tool');
  assert.equal(await host.sh('cat /usr/local/bin/tool'), '#!/bin/sh\necho tool');
  assert.equal((await host.run('test', ['-e', '/etc/systemd/system/tool.service'])).exitCode, 1);
  assert.match((await berth('list')).stdout, /^tool +- +- /m);
  await berth('uninstall', 'tool');
  assert.equal(await host.sh('ls -d /usr/local/bin/tool /usr/local/share/tool 2>/dev/null || true'), '');
});

test('two images that bring files for the same new directory share it', async () => {
  for (const name of ['left', 'right']) {
    const manifest = '{"version": "1.0", "noContainerService": true}';
    await pushImage(host, name, {
      files: { 'exports/manifest.json': manifest, [`exports/hostfs/usr/local/share/both/${name}`]: name },
    });
  }
  await berth('install', 'left', 'right');
  assert.equal(await host.sh('cat /usr/local/share/both/*'), 'leftright');
  await berth('uninstall', 'left');
  assert.equal(await host.sh('ls /usr/local/share/both'), 'right');
  await berth('uninstall', 'right');
  assert.equal((await host.run('test', ['-e', '/usr/local/share/both'])).exitCode, 1);
});
