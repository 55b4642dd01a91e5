import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

const TWENTY = Array.from({ length: 20 }, (_, index) => `s${String(index + 1).padStart(2, '0')}`);

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh('mkdir -p /etc/berth /srv/data');
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
function declare(services: Declared, include: string[] = []): void {
  writeFileSync(host.path('/etc/berth/host.yaml'), JSON.stringify({ version: 1, include, services }));
}

interface Outcome {
  service: string;
  action: string;
  reasons: string[];
}

/** Applies what is declared, and says what became of the services that did not stay as they were. */
async function apply(...args: string[]): Promise<string[]> {
  const { stdout } = await succeed(host, 'apply', '--json', '--soak', '0', ...args);
  const { changed, services } = JSON.parse(stdout) as { changed: number; services: Outcome[] };
  const others = services.filter(({ action }) => action !== 'unchanged');
  assert.equal(changed, others.length);
  return others.map(({ service, action, reasons }) => `${service} ${action}: ${reasons.join(', ')}`);
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
  const names = new Set([...TWENTY, ...Object.keys(changes)]);
  return Object.fromEntries([...names].map((name) => [name, { image: 'first', ...changes[name] }]));
}

test('of twenty services only those are touched that are declared otherwise', async () => {
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

test('a dry run says what would change as a diff, and changes nothing', async () => {
  declare(twenty({ s03: { resources: { CPUWeight: 50 } }, new: { image: 'first' } }));
  const before = await startTimes(TWENTY);
  const { stdout } = await succeed(host, 'apply', '--dry-run');
  assert.match(stdout, /^s03: to be reconfigured: resources$/m);
  assert.match(stdout, /^--- 0\/60-host\.conf\n\+\+\+ 1\/60-host\.conf\n@@ -0,0 \+1,2 @@$/m);
  assert.match(stdout, /^\+CPUWeight=50$/m);
  assert.match(
    stdout,
    /^new: to be installed from 127\.0\.0\.1:5000\/first:latest \([0-9a-f]{12}\)\n--- \/dev\/null\n/m,
  );
  assert.match(stdout, /^changed: 7$/m);
  assert.deepEqual(await apply('--dry-run'), [
    's02 update: image',
    's03 reconfigure: resources',
    's05 reconfigure: mounts',
    's09 reconfigure: resources',
    's14 reconfigure: after',
    's20 reconfigure: requires',
    'new install: not installed',
  ]);
  assert.deepEqual(await startTimes(TWENTY), before);
});

/** What is declared in turn while berth is killed, so that there is always something to change. */
const VARIANTS: Declared[] = [
  { s01: { image: 'second' }, s07: { resources: { MemoryMax: '32M' } }, s11: { enabled: false } },
  { s01: { image: 'first' }, s13: { before: ['s14'] }, s17: { started: false } },
];

test('killed at random moments and run again, it converges, and touches nothing else', async (context) => {
  const untouched = TWENTY.filter((name) => !/01|02|05|07|09|11|13|14|17|20/.test(name));
  declare(twenty());
  await apply();
  const before = await startTimes(untouched);
  for (let kill = 0; kill < 4; kill += 1) {
    declare(twenty({ ...VARIANTS[kill % 2], ...(kill % 3 === 1 ? { extra: { image: 'second' } } : {}) }));
    const delay = (0.2 + Math.random() * 3).toFixed(3);
    context.diagnostic(`killed after ${delay} s`);
    await host.sh(
      `berth apply --prune --soak 1 >/dev/null 2>&1 & pid=$!; sleep ${delay}; kill -KILL $pid || true; wait $pid || true`,
    );
    await apply('--prune');
    assert.deepEqual(await apply('--prune'), []);
    await succeed(host, 'verify');
    const { s07, s17 } = VARIANTS[kill % 2] ?? {};
    const memory = await host.sh('systemctl show --value --property MemoryMax s07');
    assert.equal(memory, s07 === undefined ? 'infinity' : String(32 * 2 ** 20));
    const state = await host.sh('systemctl show --value --property ActiveState s17');
    assert.equal(state, s17 === undefined ? 'active' : 'inactive');
  }
  assert.deepEqual(await startTimes(untouched), before);
});

test('only what an earlier apply installed is pruned', async () => {
  await succeed(host, 'install', '--name', 'hand', 'first');
  declare({ s01: { image: 'first' }, hand: { image: 'first', started: false } });
  const { stderr } = await succeed(host, 'apply');
  assert.match(stderr, /^not declared any more: s02, s03, .*, s20\nHint: berth apply --prune$/m);
  declare({ s01: { image: 'first' } });
  const removed = await apply('--prune');
  assert.deepEqual(
    removed,
    TWENTY.slice(1).map((name) => `${name} remove: not declared`),
  );
  const listed = JSON.parse((await succeed(host, 'list', '--json')).stdout) as { service: string }[];
  assert.deepEqual(
    listed.map(({ service }) => service),
    ['hand', 's01'],
  );
  await succeed(host, 'uninstall', 'hand');
});

test('nothing is pruned while files that may declare it are not there', async () => {
  const more = JSON.stringify({ version: 1, services: { more: { image: 'first' } } });
  await host.sh(`mkdir /etc/berth/parts; echo '${more}' >/etc/berth/parts/more.yaml`);
  declare({ s01: { image: 'first' } }, ['parts/*.yaml']);
  assert.deepEqual(await apply('--prune'), ['more install: not installed']);
  declare({ s01: { image: 'first', started: false } }, ['part/*.yaml']);
  const missing = String.raw`/etc/berth/host\.yaml:1:25: include: "part/\*\.yaml": no such file in /etc/berth`;
  const warning = new RegExp(`^Warning: ${missing}$`, 'm');
  const failure = {
    status: 1,
    says: new RegExp(`^Error: cannot remove what is not declared: ${missing}$`, 'm'),
    hint: /^Hint: .* \+1 \/etc\/berth\/host\.yaml$/m,
  };
  assertFailure(await host.berth('apply', '--prune', '--dry-run'), failure);
  const pruned = await host.berth('apply', '--prune');
  assertFailure(pruned, failure);
  assert.match(pruned.stderr, warning);
  assert.match(pruned.stderr, /^s01: stopped\nmore: not applied$/m);
  assert.equal(await state('more', 'ActiveState'), 'active');
  declare({ s01: { image: 'first' } }, ['part/*.yaml']);
  const { stderr } = await succeed(host, 'apply');
  assert.match(stderr, warning);
  assert.match(stderr, /^not declared any more: more$/m);
  declare({ s01: { image: 'first' } });
  assert.deepEqual(await apply('--prune'), ['more remove: not declared']);
});

test('one that cannot be had keeps all others from being installed, and nothing else from being done', async () => {
  declare({ s01: { image: 'first', started: false }, other: { image: 'first' }, none: { image: 'nowhere' } });
  const { exitCode, stdout, stderr } = await host.berth('apply', '--json');
  assert.equal(exitCode, 4);
  assert.match(stderr, /^Error: not found: .*\/nowhere:latest: /m);
  const { services } = JSON.parse(stdout) as { services: Outcome[] };
  assert.deepEqual(
    services.map(({ service, action }) => `${service} ${action}`),
    ['s01 stop', 'other failed', 'none failed'],
  );
  declare({ s01: { image: 'first' } });
  assert.deepEqual(await apply('--prune'), ['s01 start: started']);
});

async function state(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

test('one that cannot be as it is declared is told, goes back, and keeps no other from it', async () => {
  await push('bad', 'bad', 'sleep 0.5; exit 3');
  declare({
    s01: { image: 'bad' },
    good: { image: 'second' },
    broken: { image: 'bad' },
    off: { image: 'first', enabled: false, started: false },
  });
  const { exitCode, stdout, stderr } = await host.berth('apply', '--json', '--soak', '5s');
  assert.equal(exitCode, 1);
  assert.match(stderr, /^Error: cannot update s01: did not stay up: s01\.service/m);
  assert.match(stderr, /^Error: did not stay up: broken\.service/m);
  const { changed, services } = JSON.parse(stdout) as { changed: number; services: Outcome[] };
  assert.equal(changed, 2);
  assert.deepEqual(
    services.map(({ service, action }) => `${service} ${action}`),
    ['s01 failed', 'good install', 'broken failed', 'off install'],
  );
  assert.equal(await state('s01', 'ActiveState'), 'active');
  assert.equal(await state('good', 'ActiveState'), 'active');
  assert.equal(await state('off', 'ActiveState'), 'inactive');
  assert.equal(await state('off', 'UnitFileState'), 'disabled');
  const again = await host.berth('apply', '--soak', '0');
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr, /^s01: skipped: did not stay up: s01\.service/m);
  assert.match(again.stderr, /^Hint: .*berth update s01$/m);
  // What is declared of it otherwise is no matter of the image.
  declare({ s01: { image: 'first', resources: { MemoryMax: '1G' } }, good: { image: 'second' } });
  assert.deepEqual(await apply('--prune'), [
    's01 reconfigure: resources',
    'broken remove: not declared',
    'off remove: not declared',
  ]);
});

test('the way back from a reconfiguration is open, and the next apply goes it again', async () => {
  await succeed(host, 'rollback', 's01');
  assert.equal(await state('s01', 'MemoryMax'), 'infinity');
  assert.equal(await host.sh('find /etc/systemd/system -name 60-host.conf'), '');
  assert.deepEqual(await apply(), ['s01 reconfigure: resources']);
  assert.equal(await state('s01', 'MemoryMax'), String(2 ** 30));
});

test('what is pinned, locked or of a digest is not looked up; what is declared otherwise is not updated by the timer', async () => {
  declare({ s01: { image: 'first', update: 'pinned' }, good: { image: 'second', update: 'auto' } });
  await apply();
  await succeed(host, 'lock');
  await succeed(host, 'apply', '--locked');
  await push('first', 'newer');
  await push('second', 'newer');
  const all = await succeed(host, 'update', '--all', '--soak', '0');
  assert.match(all.stderr, /^s01: left alone, as host\.yaml says \(update: pinned\)$/m);
  assert.match(all.stderr, /^good: updated to deployment /m);
  assert.deepEqual(await apply(), ['good update: image'], 'the lock that is there has the last word');
  await host.sh('systemctl stop test-registry');
  assert.deepEqual(await apply('--locked'), []);
  declare({ s01: { image: 'first', update: 'pinned', mounts: [{ source: '/srv', destination: '/srv' }] } });
  assert.deepEqual(await apply('--dry-run'), ['s01 reconfigure: mounts']);
  const outdated = await host.berth('apply', '--locked');
  assert.equal(outdated.exitCode, 1);
  assert.match(outdated.stderr, /host\.lock: nothing declares "second" any more\nHint: berth lock --keep$/m);
  assert.deepEqual(await apply('--prune'), ['s01 reconfigure: mounts', 'good remove: not declared']);
  await host.sh('rm /etc/berth/host.lock');
  await host.sh('systemctl start test-registry');
  assert.equal(
    await host.sh('ls /proc/$(systemctl show --value --property MainPID s01)/root/srv/data; echo there'),
    'there',
  );
});

test('what was fetched for a service that is refused need not be fetched for the next try', async () => {
  await push('third');
  declare({ s01: { image: 'first' }, wrong: { image: 'third', values: { NONE: 'x' } } });
  const fetched: boolean[] = [];
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { exitCode, stderr } = await host.berth('apply');
    assert.equal(exitCode, 1);
    assert.match(stderr, /^Error: cannot set NONE: wrong: the image has no such variable$/m);
    fetched.push(/^pulling .*third/m.test(stderr));
  }
  assert.deepEqual(fetched, [true, false]);
});

test('a mount of what is not there is refused, with what makes it', async () => {
  declare({ s01: { image: 'first', mounts: [{ source: '/srv/none', destination: '/data' }] } });
  const { exitCode, stderr } = await host.berth('apply');
  assert.equal(exitCode, 1);
  assert.match(stderr, /\/srv\/none, which \/data is to show, is not there\nHint: mkdir -p \/srv\/none$/m);
});

for (const side of [[], ['--vendor']]) {
  test(`below another root${side.join()} it installs and enables what is declared, from a bundle`, async () => {
    const tree = `/tree${side.length}`;
    declare({
      web: { image: 'first', resources: { MemoryMax: '64M' } },
      off: { image: 'first', enabled: false },
    });
    await host.sh(
      `mkdir -p ${tree}/etc/systemd/system ${tree}/usr/bin; cp -L /usr/sbin/runc /bin/sh ${tree}/usr/bin/`,
    );
    await succeed(host, 'bundle', '-o', '/tmp/first.tar', 'first');
    const inTree = async () => {
      const args = [
        '--root',
        tree,
        ...side,
        'apply',
        '-f',
        '/etc/berth/host.yaml',
        '--from',
        '/tmp/first.tar',
      ];
      return (await succeed(host, ...args)).stdout;
    };
    const found = async (what: string) =>
      await host.sh(`find ${tree}/etc/systemd ${tree}/usr/lib/systemd ${what} -printf '%f\\n' | sort`);
    await host.sh(`mkdir -p ${tree}/usr/lib/systemd`);
    assert.match(await inTree(), /^changed: 2$/m);
    assert.match(await inTree(), /^changed: 0$/m);
    assert.equal(await found('-type l'), 'web.service');
    assert.equal(await found('-name 60-host.conf'), '60-host.conf');
    declare({ web: { image: 'first', resources: { MemoryMax: '64M' }, enabled: false } });
    assert.match(await inTree(), /^changed: 1$/m);
    assert.equal(await found('-type l'), '');
  });
}
