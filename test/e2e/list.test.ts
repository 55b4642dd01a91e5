import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceSummary } from '../../src/deployment/summary.ts';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { Terminal } from './terminal.ts';

/** Beside the others, so that there are twenty. */
const MORE = Array.from({ length: 16 }, (_, index) => `more${index}`);

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  const declared = ['web', ...MORE].map((name) => `  ${name}: { image: sleeper }`);
  await host.sh(`cat >/root/host.yaml <<'END'\n${['version: 1', 'services:', ...declared].join('\n')}\nEND
    berth apply -f /root/host.yaml`);
  await succeed(host, 'install', '--no-enable', '--name', 'resting', 'sleeper');
  await succeed(host, 'install', '--now', '--socket', '127.0.0.1:7001', 'listener');
  await succeed(host, 'install', '--no-enable', 'crashing');
  await host.sh(
    `mkdir /etc/systemd/system/crashing.service.d
     printf '[Service]\\nRestart=no\\n' >/etc/systemd/system/crashing.service.d/once.conf
     systemctl daemon-reload; systemctl start crashing; until systemctl is-failed crashing; do sleep 0.1; done`,
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function list(...options: string[]): Promise<ServiceSummary[]> {
  return JSON.parse((await succeed(host, 'list', '--json', ...options)).stdout) as ServiceSummary[];
}

async function names(...options: string[]): Promise<string[]> {
  return (await succeed(host, 'list', '--quiet', ...options)).stdout.split('\n');
}

test('list tells since when a service runs, how often it was restarted and what it uses', async () => {
  await host.sh(
    `mkdir /etc/systemd/system/web.service.d
     printf '[Service]\\nRestart=always\\nRestartSec=100ms\\n' >/etc/systemd/system/web.service.d/again.conf
     systemctl daemon-reload; systemctl kill --signal KILL --kill-who main web
     until [ "$(systemctl show --value -p NRestarts web)" = 1 ]; do sleep 0.1; done
     until systemctl is-active --quiet web; do sleep 0.1; done`,
  );
  const [web] = await list('--filter', 'name=web');
  const show = async (property: string) =>
    Number((await host.sh(`systemctl show --timestamp=unix --value -p ${property} web`)).replace('@', ''));
  assert.equal(Math.floor(Date.parse(web?.since ?? '') / 1000), await show('StateChangeTimestamp'));
  assert.equal(web?.cpuSeconds, (await show('CPUUsageNSec')) / 1e9);
  assert.deepEqual([web?.state, web?.subState, web?.restarts], ['active', 'running', 1]);
  assert.match(
    (await succeed(host, 'list')).stdout,
    /^web +active \(running\) +enabled +\S+Z +1 +\S+ +\d+\.\d\d s /m,
  );
});

test('a service that has not run since the boot has no time', async () => {
  const [resting] = await list('--filter', 'name=resting');
  assert.deepEqual([resting?.state, resting?.since, resting?.enabled], ['inactive', null, 'disabled']);
  // systemd knows of this one, because it is enabled.
  await succeed(host, 'install', '--name', 'waiting', 'sleeper');
  assert.equal((await list('--filter', 'name=waiting'))[0]?.since, null);
  await succeed(host, 'uninstall', 'waiting');
});

test('filters choose services: any value of a key, and all keys', async () => {
  assert.deepEqual(await names('--filter', 'state=failed'), ['crashing']);
  assert.deepEqual(await names('--filter', 'name=web', '--filter', 'name=l?st*'), ['listener', 'web']);
  assert.deepEqual(await names('--filter', 'image=sleeper', '--filter', 'state=inactive'), ['resting']);
  assert.deepEqual(await names('--filter', 'image=*:5000/listener:*'), ['listener']);
  assert.deepEqual(await names('--filter', 'image=listener:latest', '--filter', 'state=running'), ['']);
  assertFailure(await host.berth('list', '--filter', 'stat=failed'), {
    status: 2,
    says: /no such filter: stat: did you mean state\?/,
    hint: /^Hint: berth list --filter state=failed$/m,
  });
});

test('all lists the sockets, and a table without a legend is for programs', async () => {
  const { stdout } = await succeed(host, 'list', '--all', '--no-legend', '--filter', 'name=listener');
  const [service = '', socket = '', ...others] = stdout.split('\n');
  assert.match(service, /^listener +active \(listening\) +enabled /);
  assert.match(socket, /^listener\.socket +active \(listening\) +- +\S+Z +- /);
  assert.deepEqual(others, []);
});

test('watch shows a change when it happens, in the place of what was there', async () => {
  const screen = await Terminal.run(
    host,
    100,
    'berth list --watch --filter "name=[wc]*" --filter name=web',
    async (terminal) => {
      await terminal.waitFor(/^web +active \(running\) +.* (?:s|min) ago/m);
      await host.sh('systemctl stop web');
      await terminal.waitFor(/^web +inactive \(dead\)/m);
      await host.sh('systemctl start web');
      await terminal.waitFor(/^web +active \(running\)/m);
      await terminal.type('C-c');
    },
  );
  assert.equal(screen.status, 130);
  assert.equal(screen.lines.filter((line) => line.startsWith('web')).length, 1, screen.lines.join('\n'));
  assertFailure(await host.berth('list', '--watch'), { status: 2, says: /on a terminal/ });
});

test('what watching twenty services costs is printed', async (context) => {
  const seconds = 8;
  assert.equal((await names()).length, 20);
  await Terminal.run(host, 120, 'berth list --watch', async (terminal) => {
    await terminal.waitFor(/^web +active/m);
    await sleep(1_000);
    // Nanoseconds of CPU, of all threads and of systemd.
    const used = async () =>
      (await host.sh('cat /proc/1/schedstat /proc/$(pgrep -f "[m]ain.js list --watch")/task/*/schedstat'))
        .split('\n')
        .map((line) => Number(line.split(' ')[0]));
    const [systemd = 0, ...threads] = await used();
    await sleep(seconds * 1_000);
    const [systemdAfter = 0, ...threadsAfter] = await used();
    const sum = (times: number[]) => times.reduce((total, time) => total + time, 0);
    const percent = (time: number) => `${(time / seconds / 1e7).toFixed(2)} %`;
    context.diagnostic(
      `of a core: berth ${percent(sum(threadsAfter) - sum(threads))}, systemd ${percent(systemdAfter - systemd)}`,
    );
    await terminal.type('C-c');
  });
});
