import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

test('a service of Podman’s becomes one of berth’s, with what can be taken', async () => {
  await using host = await Host.boot({ registry: true });
  mkdirSync(host.path('/etc/containers/systemd'), { recursive: true });
  await host.sh('mkdir -p /srv/www && echo hello >/srv/www/hello.txt');
  writeFileSync(
    host.path('/etc/containers/systemd/web.container'),
    `[Unit]
Description=Web
After=network.target

[Container]
Image=${REGISTRY}/httpd-plain
PublishPort=8080:80
Volume=/srv/www:/var/www/html:ro,Z
Tmpfs=/run
ReadOnly=true
PidsLimit=50

[Service]
Restart=on-failure
MemoryMax=200M

[Install]
WantedBy=multi-user.target
`,
  );
  const { stderr } = await succeed(host, 'import', 'quadlet', '-w', '/etc/containers/systemd/web.container');
  assert.match(stderr, /web\.container:2: \[Unit\] Description=: not taken: /);
  assert.match(stderr, /wrote \/etc\/berth\/host\.d\/web\.yaml$/m);
  assert.equal((await succeed(host, 'apply')).stdout.trim(), 'changed: 1');
  assert.equal(await host.sh('curl --silent --fail 127.0.0.1:8080/hello.txt'), 'hello');
  assert.equal(
    await host.sh('systemctl is-enabled web.socket; systemctl show -P TasksMax -P MemoryMax web'),
    `enabled\n${200 << 20}\n50`,
  );
  assert.equal((await succeed(host, 'apply')).stdout.trim(), 'changed: 0');
});
