import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ServiceUsage } from '../../src/deployment/measure-services.ts';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { Terminal } from './terminal.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  for (const name of ['idle', 'busy']) await succeed(host, 'install', '--now', '--name', name, 'sleeper');
  await succeed(host, 'install', '--no-enable', '--name', 'resting', 'sleeper');
  // In the cgroup of the service, as its own processes are.
  await host.sh(
    `sh -c 'echo $$ >/sys/fs/cgroup/system.slice/busy.service/payload/cgroup.procs; exec timeout 1000 sh -c "while :; do :; done"' >/dev/null 2>&1 &`,
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

test('stats measures once what running services use', async () => {
  const { stdout } = await succeed(host, 'stats', '--no-stream', '--json');
  const usages = stdout.split('\n').map((line) => JSON.parse(line) as ServiceUsage);
  assert.deepEqual(
    usages.map(({ service }) => service),
    ['busy', 'idle'],
  );
  const [busy, idle] = usages;
  assert.ok((busy?.cpuPercent ?? 0) > (idle?.cpuPercent ?? 100), stdout);
  assert.ok((busy?.cpuSeconds ?? 0) > 0);
  // The kernel of the throwaway host counts no memory for cgroups, as systemd says.
  assert.equal(await host.sh('systemctl show --value -p MemoryCurrent busy'), '[not set]');
  assert.equal(busy?.memoryBytes, null);
});

test('stats goes on with lines for as long as they are read, with a time, of the services that are named', async () => {
  const lines = (await host.sh('set +o pipefail; berth top idle resting | head -n 3')).split('\n');
  assert.match(lines[0] ?? '', /^TIME +NAME +CPU % +CPU +MEMORY +TASKS$/);
  for (const line of lines.slice(1)) assert.match(line, /^\S+Z +idle +\d+\.\d +\d+\.\d\d s +- +-$/);
  assert.equal(lines.length, 3);
  assertFailure(await host.berth('stats', 'nobody'), { status: 4, says: /not installed: nobody/ });
});

test('stats stays in its place on a terminal until Ctrl-C', async () => {
  const screen = await Terminal.run(host, 80, 'berth stats', async (terminal) => {
    await terminal.waitFor(/^busy +[1-9]\d*\.\d /m);
    await host.sh('systemctl start resting');
    await terminal.waitFor(/^resting +\d/m);
    await terminal.type('C-c');
  });
  assert.equal(screen.status, 130);
  assert.equal(screen.lines.filter((line) => line.startsWith('NAME')).length, 1);
});
