import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { UnitSummary } from '../../src/systemd/systemd.ts';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';

let host: Host;
before(async () => {
  host = await Host.boot();
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const SERVE = 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.1; done';

/** Calls the manager from inside the host, and prints what it answered or how it failed. */
async function systemd(call: string): Promise<Record<string, unknown>> {
  const script = `
    const { ManagerBus } = await import('${CHECKOUT}/src/systemd/manager-bus.ts');
    const systemd = new ManagerBus();
    try {
      console.log(JSON.stringify({ value: await systemd.${call} }));
    } catch ({ code, message, hint }) {
      console.log(JSON.stringify({ code, message, hint }));
    }
    await systemd.close();`;
  const { stdout, combined } = await host.run(process.execPath, ['--input-type=module', '-e', script]);
  assert.match(stdout, /^\{/, combined);
  return JSON.parse(stdout);
}

/** Waits until a service has said so: it runs beside who started it. */
async function says(unit: string, line: string): Promise<void> {
  await host.sh(
    `until journalctl --unit ${unit} --output cat | grep --line-regexp '${line}' >/dev/null; do sleep 0.1; done`,
  );
}

async function makeService(name: string, script: string, user = ''): Promise<void> {
  const { exitCode, combined } = await host.run(process.execPath, [
    `${CHECKOUT}/test/e2e/default-service.ts`,
    name,
    script,
    user,
  ]);
  assert.equal(exitCode, 0, combined);
  assert.deepEqual(await systemd('reload()'), {});
}

async function makeUnit(name: string, ...lines: string[]): Promise<void> {
  await host.run('sh', ['-c', `cat >/etc/systemd/system/${name}`], { input: `${lines.join('\n')}\n` });
  await systemd('reload()');
}

test('a default service runs in its unit’s cgroup, with no runtime beside it, and stops without a trace', async () => {
  await makeService('plain', SERVE);
  assert.deepEqual(await systemd('start("plain.service")'), {});
  const { value } = await systemd('state("plain.service")');
  const { mainPid, activeState, controlGroup } = value as Record<string, unknown>;
  assert.deepEqual([activeState, controlGroup], ['active', '/system.slice/plain.service']);
  assert.match(
    await host.sh(`cat /proc/${mainPid}/cgroup`),
    /^0::\/system\.slice\/plain\.service\/payload$/m,
  );
  assert.equal(await host.sh('pgrep -c "runc|crun" || true'), '0');
  await says('plain.service', 'ready');
  assert.deepEqual(await systemd('stop("plain.service")'), {});
  assert.match(await host.journal('plain.service'), /^bye$/m);
  const left = 'ls -d /run/runc/* /run/berth/* /sys/fs/cgroup/system.slice/plain.service 2>/dev/null || true';
  assert.equal(await host.sh(left), '');
  assert.equal(await host.sh('systemctl show --value --property Result plain.service'), 'success');
});

test('as many units are asked for at once as anybody likes, more than the bus lets a client wait for', async () => {
  await makeUnit('one.service', '[Service]', 'ExecStart=true', '[Install]', 'WantedBy=multi-user.target');
  await makeUnit('of@.service', '[Service]', 'ExecStart=true', '[Install]', 'WantedBy=multi-user.target');
  await host.sh('systemctl enable --quiet one.service of@a.service');
  const absent = Array.from({ length: 200 }, (_, number) => `no${number}.service`);
  const units = [...absent, 'of@a.service', 'one.service', 'dbus.socket'];
  const { value, ...failed } = await systemd(`summaries(${JSON.stringify(units)})`);
  assert.deepEqual(failed, {});
  const found = (value as UnitSummary[]).map(({ name, loadState, activeState, subState, unitFileState }) =>
    [name, loadState, activeState, subState, unitFileState].join(' '),
  );
  assert.equal(found.length, 203);
  assert.equal(found[0], 'no0.service not-found inactive dead ');
  assert.deepEqual(found.slice(200), [
    'of@a.service loaded inactive dead enabled',
    'one.service loaded inactive dead enabled',
    'dbus.socket loaded active running static',
  ]);
  const links = await systemd(`links(${JSON.stringify(units)})`);
  assert.equal((links['value'] as unknown[]).length, 203, JSON.stringify(links));
});

test('a default service has few privileges', async () => {
  const script = `id -u; id -G; cat /proc/self/status; touch /x; touch /data/y && echo kept;
    unshare --mount true; ${SERVE}`;
  await makeService('app', script, 'app');
  assert.deepEqual(await systemd('start("app.service")'), {});
  await says('app.service', 'ready');
  const log = await host.journal('app.service');
  assert.match(log, /^1234$/m);
  assert.match(log, /^CapBnd:\s*0+$/m);
  assert.match(log, /^NoNewPrivs:\s*1$/m);
  assert.match(log, /^Seccomp:\s*2$/m);
  assert.match(log, /\/x'?: Read-only file system/);
  assert.match(log, /^kept$/m);
  assert.match(log, /unshare failed: Operation not permitted/);
  assert.equal(await host.sh('stat --format "%u %a" /var/lib/app/data'), '1234 755');
  await systemd('stop("app.service")');
});

test('a container that dies is started again, and what a broken run left is no hindrance', async () => {
  await makeService('dies', SERVE);
  await systemd('start("dies.service")');
  await host.sh('mkdir -p /etc/systemd/system/dies.service.d');
  await host.sh('printf "[Service]\\nRestartSec=100ms\\n" >/etc/systemd/system/dies.service.d/fast.conf');
  await systemd('reload()');
  await host.sh('systemctl kill --signal KILL --kill-who main dies');
  await host.sh('until [ "$(systemctl show --value -p NRestarts dies)" = 1 ]; do sleep 0.1; done');
  await host.sh('until systemctl is-active --quiet dies; do sleep 0.1; done');
  await systemd('stop("dies.service")');
  const bundle = '/var/lib/berth/deployments/dies/current';
  await host.sh(`runc run --detach --bundle ${bundle} dies </dev/null >/dev/null 2>&1`);
  assert.deepEqual(await systemd('start("dies.service")'), {});
  assert.equal(await host.sh('runc list --quiet'), 'dies');
  await systemd('stop("dies.service")');
});

test('a failed start tells the result, the status and the last lines, harmless for a terminal', async () => {
  const command = 'ExecStart=/bin/sh -c "printf \'one\\\\n\\\\033[31mtwo\\\\n\'; exit 7"';
  await makeUnit('fails.service', '[Service]', 'Type=oneshot', command);
  const failure = await systemd('start("fails.service")');
  assert.equal(failure['code'], 'unit-failed');
  assert.equal(
    failure['message'],
    'cannot start: fails.service: exit-code, ExecStart /bin/sh: exit status 7\n  one\n  two',
  );
  assert.equal(failure['hint'], 'journalctl -u fails.service');
  await makeUnit('gone.service', '[Service]', 'Type=exec', 'ExecStart=/bin/gone');
  assert.match(String((await systemd('start("gone.service")'))['message']), /exit status 203\/EXEC/);
  await makeUnit(
    'needs.service',
    '[Unit]',
    'Requires=fails.service',
    'After=fails.service',
    '[Service]',
    command,
  );
  assert.equal(
    (await systemd('start("needs.service")'))['message'],
    'cannot start: needs.service: fails.service failed (exit-code, ExecStart /bin/sh: exit status 7), which it needs\n  one\n  two',
  );
  assert.equal((await systemd('start("nowhere.service")'))['code'], 'service-not-found');
  assert.deepEqual(await systemd('stop("nowhere.service")'), {});
  assert.deepEqual(await systemd('resetFailed("fails.service")'), {});
});

test('enabling links the unit, and systemd knows it after a reload', async () => {
  await makeUnit(
    'linked.service',
    '[Service]',
    'ExecStart=/bin/true',
    '[Install]',
    'WantedBy=multi-user.target',
  );
  assert.deepEqual(await systemd('enable(["linked.service"])'), {});
  assert.deepEqual(await systemd('reload()'), {});
  assert.match(await host.sh('systemctl show --property Wants multi-user.target'), /linked\.service/);
  assert.deepEqual(await systemd('disable(["linked.service"])'), {});
  assert.deepEqual(await systemd('reload()'), {});
  assert.doesNotMatch(await host.sh('systemctl show --property Wants multi-user.target'), /linked\.service/);
  assert.equal((await systemd('enable(["nowhere.service"])'))['code'], 'service-not-found');
});

test('a job is followed while systemd re-executes itself and while the bus is restarted', async () => {
  await makeUnit('slow.service', '[Service]', 'Type=oneshot', 'ExecStart=/bin/sleep 5');
  for (const disturbance of ['systemctl daemon-reexec', 'systemctl kill --signal KILL dbus']) {
    const started = systemd('start("slow.service")');
    await host.sh(
      `until [ $(systemctl show --value --property ActiveState slow) = activating ]; do sleep 0.1; done
       ${disturbance}`,
    );
    assert.deepEqual(await started, {}, disturbance);
  }
});
