import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import { leavesNothing, succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';
import { type Screen, Terminal } from './terminal.ts';

const SLOW = '127.0.0.1:5001';

/** A layer that is on its way: its digest, a bar where there is room, and how far it is. */
const LAYER = /^[0-9a-f]{12} {2}(?:━*─* {2})? *\d+ % {2}\S+ \S+ of \S+ \S+ +\S+ \S+\/s +\d+ \S+ left$/m;

const ESCAPE = '\u001b';
const [GREEN, RED, DIM] = [`${ESCAPE}[32m`, `${ESCAPE}[31m`, `${ESCAPE}[2m`];

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh(
    `systemd-run --quiet '${process.execPath}' '${CHECKOUT}/test/e2e/slow-registry.ts' 5001
     until (: </dev/tcp/127.0.0.1/5001) 2>/dev/null; do sleep 0.05; done`,
  );
  await succeed(host, 'install', 'sleeper');
  await succeed(host, 'install', 'crashing');
  await host.sh(
    `mkdir /etc/systemd/system/crashing.service.d
     printf '[Service]\\nRestart=no\\n' >/etc/systemd/system/crashing.service.d/once.conf
     systemctl daemon-reload; systemctl start crashing; until systemctl is-failed crashing; do sleep 0.1; done`,
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

function assertFits({ lines }: Screen, columns: number): void {
  assert.deepEqual(
    lines.filter((line) => line.length > columns),
    [],
  );
}

for (const columns of [80, 120]) {
  describe(`on a terminal of ${columns} columns`, () => {
    test('an install shows each layer while it comes, and nothing of that in the end', async () => {
      await host.sh('berth uninstall etcd || true; berth prune --all');
      const screen = await Terminal.run(host, columns, 'berth install --now etcd');
      assert.equal(screen.status, 0, screen.lines.join('\n'));
      assert.match(screen.written, /[0-9a-f]{12} {2}(?:━*─* {2})? *\d+ % /);
      assert.deepEqual(
        screen.lines.map((line) => line.replace(/[\d.]+ (?=MB|s|of)|[0-9a-f]{12}/g, '')),
        [
          `pulling ${REGISTRY}/etcd:latest: of 3 layers, MB`,
          'started etcd.service (s)',
          `etcd: installed ${REGISTRY}/etcd:latest ()`,
        ],
      );
      assertFits(screen, columns);
    });

    test('list has a colour for each state', async () => {
      const screen = await Terminal.run(host, columns, 'berth list');
      assertFits(screen, columns);
      assert.ok(screen.colored.includes(`${GREEN}active`), screen.colored);
      assert.ok(screen.colored.includes(`${RED}failed`));
      assert.ok(screen.colored.includes(`${DIM}inactive`));
    });

    test('status and graph as well', async () => {
      for (const command of ['berth status', 'berth graph']) {
        const screen = await Terminal.run(host, columns, command);
        assertFits(screen, columns);
        for (const state of [`${GREEN}active`, `${RED}failed`, `${DIM}inactive`]) {
          assert.ok(screen.colored.includes(state), screen.colored);
        }
      }
    });

    test('an error has a colour, too', async () => {
      const screen = await Terminal.run(host, columns, 'berth status nothere');
      assert.equal(screen.status, 4);
      assert.ok(screen.colored.startsWith(`${RED}Error:`), screen.colored);
      assert.deepEqual(screen.lines, ['Error: not installed: nothere', 'Hint: berth list']);
    });

    test('Ctrl-C in a pull ends it with 130 and leaves nothing, on the screen and on the host', async () => {
      await host.sh('berth uninstall etcd || true; berth prune --all');
      await leavesNothing(host, async () => {
        const screen = await Terminal.run(host, columns, `berth pull ${SLOW}/etcd`, async (terminal) => {
          await terminal.waitFor(LAYER);
          for (const line of (await terminal.show()).split('\n')) assert.ok(line.length < columns, line);
          await terminal.type('C-c');
        });
        assert.equal(screen.status, 130);
        assert.deepEqual(screen.lines.slice(1), [
          `Error: interrupted: pulling ${SLOW}/etcd:latest`,
          `Hint: berth pull ${SLOW}/etcd`,
        ]);
        assert.match(screen.lines[0] ?? '', /^pulling .* \d of 3 layers, \S+ MB$/);
      });
    });
  });
}

/** What may be shown of a host without changing it. */
const SHOWN = ['list', 'status', 'graph', 'images', 'history sleeper', 'events', 'doctor', 'status nothere'];

test('what goes to no terminal has no escape codes, and whole times', async () => {
  for (const command of SHOWN) {
    const { combined } = await host.berth(...command.split(' '));
    assert.ok(!combined.includes(ESCAPE), command);
  }
  const { stdout } = await host.berth('history', 'sleeper');
  assert.match(stdout, /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
});

test('colours are left out where they are not wanted, and lines are not drawn over on a dumb terminal', async () => {
  for (const wish of ['NO_COLOR=1', 'FORCE_COLOR=0']) {
    const screen = await Terminal.run(host, 80, `${wish} berth list`);
    assert.ok(!screen.written.includes(ESCAPE), wish);
  }
  const screen = await Terminal.run(
    host,
    80,
    'export TERM=dumb; berth list; berth pull etcd; berth status nothere',
  );
  assert.ok(!screen.written.includes(ESCAPE), screen.written);
  const forced = await host.run('berth', ['list'], { env: { FORCE_COLOR: '1' } });
  assert.ok(forced.stdout.includes(`${RED}failed`));
});

test('times are told by how long ago they were', async () => {
  const { lines } = await Terminal.run(host, 80, 'berth history sleeper');
  assert.match(lines[1] ?? '', / \d+ (?:s|min) ago /);
});

test('what a service keeps is removed only after a yes, unless that was said before', async () => {
  await succeed(host, 'install', 'sleeper');
  const answer = async (word: string) =>
    await Terminal.run(host, 80, 'berth uninstall --purge sleeper', async (terminal) => {
      await terminal.waitFor(/\[y\/N\]$/);
      await terminal.type(word);
    });
  assert.equal((await answer('n Enter')).status, 130);
  assert.equal((await answer('C-c')).status, 130);
  assert.equal((await host.berth('status', 'sleeper')).exitCode, 3);
  assert.equal((await answer('y Enter')).status, 0);
  await succeed(host, 'install', 'sleeper');
  assert.equal((await Terminal.run(host, 80, 'berth uninstall --purge -y sleeper')).status, 0);
  await succeed(host, 'install', 'sleeper');
  await succeed(host, 'uninstall', '--purge', 'sleeper');
});

test('Ctrl-C ends what follows with 130', async () => {
  await succeed(host, 'install', '--now', 'sleeper');
  const commands = [
    'logs -f',
    'events -f',
    'list --watch',
    'stats',
    'logs -f sleeper | cat; exit $PIPESTATUS',
  ];
  for (const command of commands) {
    const shown = `bash -c 'berth ${command}'`;
    const { status } = await Terminal.run(host, 80, shown, async (terminal) => {
      await terminal.waitFor(/sleeper/);
      await terminal.type('C-c');
    });
    assert.equal(status, 130, command);
  }
});

test('a reader that goes away is no error, and nothing is said of it', async () => {
  const screen = await Terminal.run(
    host,
    80,
    "bash -c 'berth events | head -1 >/dev/null; berth list 2>&- | head -1; berth list >&- 2>&-; berth list | true'",
  );
  assert.deepEqual(
    screen.lines.map((line) => line.split(' ')[0]),
    ['NAME'],
  );
});
