import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';

test('a host has systemd as PID 1, answers on D-Bus and runs none of the machine’s services', async () => {
  await using host = await Host.boot({ hostname: 'berth' });
  assert.equal(await host.sh('cat /proc/1/comm'), 'systemd');
  assert.equal(await host.sh('hostname'), 'berth');
  assert.match(
    await host.sh(
      'busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager SystemState',
    ),
    /running/,
  );
  const services = await host.sh(
    'systemctl list-units --type=service --state=running --plain --no-legend | cut -d" " -f1',
  );
  assert.deepEqual(services.split('\n'), ['dbus.service', 'systemd-journald.service']);
});

test('a command in a host gives its output and status and sees nothing of this environment', async () => {
  await using host = await Host.boot();
  const result = await host.run('sh', ['-c', 'cat; echo "$A $HOME $(printenv npm_command)" >&2; exit 7'], {
    input: 'in',
    env: { A: 'a' },
  });
  assert.deepEqual(
    { ...result, combined: '' },
    { stdout: 'in', stderr: 'a /root ', combined: '', exitCode: 7 },
  );
  assert.equal((await host.run('sh', ['-c', 'kill -9 $$'])).exitCode, 137);
  await assert.rejects(host.run('sleep', ['60'], { timeout: 100 }), /still running after 100 ms/);
  await assert.rejects(host.sh('echo why >&2; false; true'), /exit status 1 from.*\nwhy/);
});

test('a registry in the host serves the test images, and takes others', async () => {
  await using host = await Host.boot({ registry: true });
  const inspect = 'skopeo inspect --tls-verify=false docker://127.0.0.1:5000';
  for (const image of ['etcd:3.4', 'httpd:2.4', 'httpd-plain:2.4', 'broken', 'missing-value', 'whiteouts']) {
    assert.match(await host.sh(`${inspect}/${image}`), /"Layers"/, image);
  }
  assert.match(await host.sh(`${inspect}/httpd-plain --raw`), /docker.distribution.manifest.v2/);
  assert.match(await host.sh(`${inspect}/etcd --raw`), /image.index.v1/);
  await host.sh(
    'skopeo copy --src-tls-verify=false --dest-tls-verify=false docker://127.0.0.1:5000/broken docker://127.0.0.1:5000/another',
  );
  assert.match(await host.sh(`${inspect}/another`), /"Layers"/);
});

test('a reboot is a real one: files stay, /run and the first PID 1 do not', async () => {
  await using host = await Host.boot({ registry: true });
  await host.sh(
    'echo kept >/etc/kept; echo kept >/var/lib/berth/kept; echo lost >/run/lost; logger -t old before',
  );
  const boot = await host.sh('cat /proc/sys/kernel/random/boot_id');
  await host.reboot();
  assert.equal(await host.sh('cat /etc/kept /var/lib/berth/kept'), 'kept\nkept');
  assert.equal((await host.run('test', ['-e', '/run/lost'])).exitCode, 1);
  assert.notEqual(await host.sh('cat /proc/sys/kernel/random/boot_id'), boot);
  assert.match(await host.sh('journalctl --boot=-1 -t old'), /before/);
  await host.sh('skopeo inspect --tls-verify=false docker://127.0.0.1:5000/etcd');
});

test('without its programs a host has neither node nor berth, before and after a reboot', async () => {
  await using host = await Host.boot();
  await host.removePrograms();
  for (const when of ['before', 'after']) {
    assert.equal(await host.sh('type -P node berth npm || true'), '', when);
    assert.equal(await host.sh(`ls -A ${CHECKOUT}`), '', when);
    if (when === 'before') await host.reboot();
  }
  assert.ok(existsSync(`${CHECKOUT}/package.json`));
});

test('a store of a given size fills up alone', async () => {
  await using host = await Host.boot({ storeMiB: 16 });
  const full = await host.run('dd', ['if=/dev/zero', 'of=/var/lib/berth/big', 'bs=1M', 'count=32']);
  assert.match(full.stderr, /No space left on device/);
  await host.sh('dd if=/dev/zero of=/var/tmp/big bs=1M count=32 status=none');
});

test('what is written in a host is not written on this machine', async () => {
  await using host = await Host.boot();
  await host.sh(
    'touch /usr/bin/berth-test-canary /etc/berth-test-canary /var/lib/berth-test-canary /root/berth-test-canary',
  );
  for (const place of ['/usr/bin', '/etc', '/var/lib', '/root']) {
    assert.ok(!existsSync(`${place}/berth-test-canary`), place);
  }
  assert.notEqual((await host.run('touch', [`${CHECKOUT}/canary`])).exitCode, 0);
});

test('two hosts side by side do not meet, and nothing stays of either', async () => {
  const names: string[] = [];
  {
    await using first = await Host.boot({ registry: true, storeMiB: 64 });
    await using second = await Host.boot({ registry: true });
    names.push(first.name, second.name);
    await first.sh('systemd-run --unit=only-here sleep 1000');
    assert.notEqual((await second.run('systemctl', ['is-active', 'only-here'])).exitCode, 0);
    assert.notDeepEqual(await Host.leftovers(first.name), []);
  }
  for (const name of names) {
    assert.deepEqual(await Host.leftovers(name), []);
  }
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`nothing stays of a host whose test ended by ${signal}`, async () => {
    const { child, name } = await bootElsewhere();
    assert.notDeepEqual(await Host.leftovers(name), []);
    child.kill(signal);
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
      if ((await Host.leftovers(name)).length === 0) break;
    }
    assert.deepEqual(await Host.leftovers(name), []);
  });
}

test('what a killed test and its killed cleaner left is removed by the next host', async () => {
  const { child, name } = await bootElsewhere();
  for (const line of await Host.leftovers(name)) {
    const holder = /^process (\d+) .*holder\.sh/.exec(line)?.[1];
    if (holder !== undefined) process.kill(Number(holder), 'SIGKILL');
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Or by one that another test boots in this moment: then there is nothing to be seen here.
  await using next = await Host.boot();
  assert.notEqual(next.name, name);
  assert.deepEqual(await Host.leftovers(name), []);
});

/** A process that has booted a host and does nothing more. */
async function bootElsewhere(): Promise<{ child: ChildProcess; name: string }> {
  const script = `
    import { Host } from '${CHECKOUT}/test/host/host.ts';
    const host = await Host.boot({ storeMiB: 64 });
    console.log(host.name);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => assert.fail('the other process could not boot a host'));
  const [name] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  ended.catch(() => undefined); // It is killed soon.
  return { child, name };
}
