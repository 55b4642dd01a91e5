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

/** Has an editor, which stands in for a person's, edit the drop-in on a terminal. */
const editDropIn = (editor: string, ...options: string[]) =>
  host.sh(
    `EDITOR='${editor}' script --quiet --return --command 'berth edit --drop-in ${options.join(' ')} web' /dev/null </dev/null`,
  );
const DROP_IN = '/etc/systemd/system/web.service.d/override.conf';
const show = (property: string) => host.sh(`systemctl show --value --property ${property} web`);

test('edit --drop-in writes what systemctl edit writes, tells systemd, and restarts only on demand', async () => {
  const pid = await show('MainPID');
  const said = await editDropIn('printf "[Service]\\nNice=5\\n" >>');
  assert.match(
    said,
    /wrote \S+override\.conf\r?\nweb\.service runs on as it is; systemctl restart web\.service/,
  );
  assert.equal(await host.sh(`cat ${DROP_IN}`), '[Service]\nNice=5');
  assert.deepEqual(
    [await show('Nice'), await show('NeedDaemonReload'), await show('MainPID')],
    ['5', 'no', pid],
  );
  assert.match(await editDropIn('sed -i s/5/6/', '--restart'), /restarted web\.service/);
  assert.equal(await show('Nice'), '6');
  assert.notEqual(await show('MainPID'), pid);
});

test('a drop-in stays over updates and rollbacks, and no verification minds it', async () => {
  await succeed(host, 'set', '--soak', '0', 'web', 'PORT=8004');
  assert.equal(await show('Nice'), '6');
  await succeed(host, 'rollback', 'web');
  assert.equal(await show('Nice'), '6');
  await succeed(host, 'verify', 'web');
});

test('a drop-in that systemd would not take is refused, and kept for the person', async () => {
  const before = await host.sh(`cat ${DROP_IN}`);
  const said = await editDropIn('printf "[Service]\\nNise=1\\nMemoryMax=lots\\n" >>').catch(String);
  assert.match(
    said,
    /Error: not a drop-in for web\.service: override\.conf:\d+: Unknown key .*Nise.*; override\.conf:\d+: /,
  );
  assert.match(said, /is kept: \/tmp\/berth-edit-\S+override\.conf/);
  assert.match(await editDropIn('printf "[Service]\\nExecStart=\\n" >>').catch(String), /no ExecStart=/);
  assert.equal(await host.sh(`cat ${DROP_IN}; ls -d /tmp/berth-unit-* || true`), before);
});

test('a drop-in with which the service does not start is put back', async () => {
  const before = await host.sh(`cat ${DROP_IN}`);
  const said = await editDropIn('printf "[Service]\\nExecStartPre=/bin/false\\n" >>', '--restart').catch(
    String,
  );
  assert.match(said, /went back: the drop-in is as it was, and web\.service runs/);
  assert.equal(await host.sh(`cat ${DROP_IN}; systemctl is-active web`), `${before}\nactive`);
});

test('a drop-in without a directive is removed, and so is its directory if nothing else is in it', async () => {
  assert.match(await editDropIn('sed -i "s/^[^#]/# &/"'), /removed \S+override\.conf/);
  assert.equal(
    await host.sh(`ls ${DROP_IN} 2>&1 || true`),
    `ls: cannot access '${DROP_IN}': No such file or directory`,
  );
  assert.equal(await show('Nice'), '0');
});

test('edit --drop-in names what to do without a terminal, and what --restart is for', async () => {
  const failure = {
    status: 2,
    says: /without a terminal/,
    hint: /Hint: write \/etc\/\S+override\.conf, then/,
  };
  assertFailure(await host.berth('edit', '--drop-in', 'web'), failure);
  assertFailure(await host.berth('edit', '--restart', 'web'), {
    status: 2,
    says: /--restart is for --drop-in/,
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
