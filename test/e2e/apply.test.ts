import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

const TWENTY = Array.from({ length: 20 }, (_, index) => `s${String(index + 1).padStart(2, '0')}`);

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await push('first');
  await push('second', 'one more');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

/** Pushes an image that waits, or does what a script says. */
async function push(name: string, version = name, script = 'true'): Promise<void> {
  const wait = `trap 'exit 0' TERM; ${script}; sleep 10000 & wait`;
  await pushImage(host, name, {
    from: 'base',
    files: { version },
    config: { Cmd: ['/bin/sh', '-c', wait] },
  });
}

type Declared = Record<string, Record<string, unknown>>;

/** Writes host.yaml; JSON is YAML. */
function declare(services: Declared): void {
  writeFileSync(host.path('/etc/berth/host.yaml'), JSON.stringify({ version: 1, services }));
}

interface Outcome {
  name: string;
  action: string;
  reasons: string[];
}

/** Applies what is declared, and says what became of the services that did not stay as they were. */
async function apply(...args: string[]): Promise<string[]> {
  const { stdout } = await succeed(host, 'apply', '--json', '--soak', '0', ...args);
  const { changed, services } = JSON.parse(stdout) as { changed: number; services: Outcome[] };
  const others = services.filter(({ action }) => action !== 'unchanged');
  assert.equal(changed, others.length);
  return others.map(({ name, action, reasons }) => `${name} ${action}: ${reasons.join(', ')}`);
}

/** When each of the services came up, in microseconds, by its name. */
async function startTimes(names: readonly string[]): Promise<Map<string, string>> {
  const units = names.map((name) => `${name}.service`).join(' ');
  const shown = await host.sh(`systemctl show --property Id,ActiveEnterTimestampMonotonic ${units}`);
  return new Map(
    shown.split('\n\n').map((unit) => {
      const [, name = ''] = /^Id=(.*)\.service$/m.exec(unit) ?? [];
      const [, time = ''] = /^ActiveEnterTimestampMonotonic=(.*)$/m.exec(unit) ?? [];
      return [name, time];
    }),
  );
}

function twenty(changes: Declared = {}): Declared {
  return Object.fromEntries(TWENTY.map((name) => [name, { image: 'first', ...changes[name] }]));
}

test('of twenty services only those are touched that are declared otherwise', async () => {
  await host.sh('mkdir -p /etc/berth /srv/data');
  declare(twenty());
  assert.equal((await apply()).length, 20);
  assert.deepEqual(await apply(), []);
  assert.match((await succeed(host, 'apply')).stdout, /^changed: 0$/m);
  const before = await startTimes(TWENTY);
  declare(
    twenty({
      s02: { image: 'second' },
      s05: { mounts: [{ source: '/srv/data', destination: '/data' }] },
      s09: { resources: { MemoryMax: '64M' } },
      s14: { after: ['s02'] },
      s20: { requires: ['s05'] },
    }),
  );
  assert.deepEqual(await apply(), [
    's02 update: image',
    's05 reconfigure: mounts',
    's09 reconfigure: resources',
    's14 reconfigure: after',
    's20 reconfigure: requires',
  ]);
  const now = await startTimes(TWENTY);
  assert.deepEqual(
    TWENTY.filter((name) => now.get(name) !== before.get(name)),
    ['s02', 's05', 's09', 's14', 's20'],
  );
  assert.deepEqual(await apply(), []);
  assert.equal(await host.sh('systemctl show --value --property MemoryMax s09'), '67108864');
  await succeed(host, 'verify');
});
