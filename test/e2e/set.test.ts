import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', '--name', 'web', '--set', 'PORT=8001', 'httpd');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function userValues(): Promise<unknown> {
  const record = await host.sh('cat /var/lib/berth/deployments/web/current/deployment.json');
  return (JSON.parse(record) as { userValues: unknown }).userValues;
}

test('set gives a running service another value, and --unset takes it back', async () => {
  await succeed(host, 'set', '--soak', '0', 'web', 'PORT=8002');
  assert.deepEqual(await userValues(), { PORT: '8002' });
  await host.sh(
    'systemctl is-active web; curl --silent --fail --retry 9 --retry-connrefused http://127.0.0.1:8002/ >/dev/null',
  );
  await succeed(host, 'set', '--soak', '0', 'web', '--unset', 'PORT');
  assert.deepEqual(await userValues(), {});
});

test('what cannot be set is refused, and nothing changes', async () => {
  const before = await userValues();
  assertFailure(await host.berth('set', 'web', 'NOTHING=1'), { status: 1, says: /no such variable/ });
  assertFailure(await host.berth('set', 'web'), { status: 2, says: /nothing to set/, hint: /berth set web/ });
  assertFailure(await host.berth('set', 'gone', 'A=1'), { status: 4, says: /gone/ });
  assert.deepEqual(await userValues(), before);
});

test('edit shows what can be set, applies what was edited, and keeps what cannot be applied', async () => {
  const edit = (editor: string) =>
    host.sh(
      `EDITOR='${editor}' script --quiet --return --command 'berth edit --soak 0 web' /dev/null </dev/null`,
    );
  assert.match(await edit('cat'), /PORT: [\s\S]*nothing was changed/);
  await edit('sed -i "s/^[# ]*PORT: .*/PORT: 8003/"');
  assert.deepEqual(await userValues(), { PORT: '8003' });
  assert.equal(await host.sh('ls /tmp | grep berth-edit || true'), '');
  assert.match(await edit('echo "NOTHING: 1" >>').catch(String), /is kept: \/tmp\/berth-edit-/);
  assert.match(await host.sh('cat /tmp/berth-edit-*/web.yaml'), /^NOTHING: 1$/m);
  assert.deepEqual(await userValues(), { PORT: '8003' });
  assertFailure(await host.berth('edit', 'web'), {
    status: 2,
    says: /without a terminal/,
    hint: /berth set/,
  });
});

test('version tells all that berth works with, to anybody', async () => {
  const { stdout } = await host.run('setpriv', [
    ...['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'berth', 'version', '--json'],
  ]);
  const found = JSON.parse(stdout) as Record<string, string>;
  assert.equal(found['berth'], await host.sh('berth --version'));
  assert.match(found['runtime'] ?? '', /^\/\S+: runc version /);
  assert.match(found['systemd'] ?? '', /^\d{3}/);
  assert.equal(found['kernel'], await host.sh('uname --kernel-release'));
  assert.match((await succeed(host, 'version')).stdout, /^berth {4}\d.*\nnode {5}\d.*\nsystemd {2}\d/);
});
