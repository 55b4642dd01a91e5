import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { execa } from 'execa';
import type { Readiness } from '../../../../src/deployment/render/readiness.ts';
import { addReadiness, renderScripts } from '../../../../src/deployment/render/readiness-scripts.ts';
import type { Container } from '../../../../src/runtime/command-line.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { parseUnitFile } from '../../../../src/systemd/unit-file.ts';

/** A directory with programs that stand in for the runtime and for systemd-notify, and log their arguments. */
class FakeHost {
  readonly directory: string;
  readonly container: Container;

  constructor(test: TestContext, runtime: string, notify = '') {
    this.directory = mkdtempSync(join(tmpdir(), 'berth-scripts-'));
    test.after(() => rmSync(this.directory, { recursive: true, force: true }));
    const path = this.#program('runc', runtime);
    this.#program('systemd-notify', notify);
    this.container = {
      name: parseServiceName('web@a'),
      runtime: { path, name: 'runc' },
      bundle: "/var/lib/b'undle",
      pidFile: join(this.directory, "p'id"),
    };
  }

  async run(script: string, env: Record<string, string> = {}) {
    return await execa('/bin/sh', ['-c', script], {
      env: { PATH: `${this.directory}:/usr/bin:/bin`, ...env },
      extendEnv: false,
      reject: false,
      timeout: 20_000,
    });
  }

  /** Lines of what was called, each argument followed by a bar. */
  get log(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }

  get #log(): string {
    return join(this.directory, 'log');
  }

  #program(name: string, body: string): string {
    const path = join(this.directory, name);
    const log = `{ printf '%s ' ${name} "\${NOTIFY_SOCKET-unset}"; printf '%s|' "$@"; echo; } >>'${this.#log}'`;
    writeFileSync(path, `#!/bin/sh\nhere='${this.directory}'\n${log}\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }
}

function command(argv: string[], parts: Partial<Readiness> = {}): Readiness {
  return { by: 'command', argv, timeout: 20, limit: 60, ...parts } as Readiness;
}

async function ready(host: FakeHost, readiness: Readiness): Promise<string> {
  return (await renderScripts('web@a.service', readiness, host.container)).ready ?? assert.fail();
}

test('the gate opens when the command succeeds, and not before', async (test) => {
  const host = new FakeHost(test, 'echo >>"$here/tries"; [ "$(wc -l <"$here/tries")" -ge 3 ]');
  const { exitCode, all } = await host.run(await ready(host, command(['/bin/check'])));
  assert.equal(exitCode, 0, all);
  const lines = host.log.trim().split('\n');
  assert.match(
    lines[0] ?? '',
    /^systemd-notify \S+ --status=waiting until ready: \/bin\/check\|EXTEND_TIMEOUT_USEC=120000000\|$/,
  );
  assert.deepEqual(lines.slice(1, 4), new Array(3).fill('runc unset exec|web+a|/bin/check|'));
  assert.equal(lines[4], 'systemd-notify /run/systemd/notify --status=|');
});

test('a command of an image is words for its container, and nothing to the host', async (test) => {
  const host = new FakeHost(test, 'exit 0');
  const evil = [
    "'; touch pwned; '",
    '$(touch pwned)',
    '`touch pwned`',
    'a\nMAINPID=1\nREADY=1',
    '\\',
    '"',
    '--',
    '-n \u001b[2J \u2028 <%= 1 %>',
    '%s%n',
  ];
  const { exitCode, stderr } = await host.run(`cd "${host.directory}"\n${await ready(host, command(evil))}`);
  assert.equal(exitCode, 0, stderr);
  assert.ok(!existsSync(join(host.directory, 'pwned')));
  assert.ok(host.log.includes(`exec|web+a|${evil.join('|')}|\n`), host.log);
  const status = /--status=([^|]*)\|/.exec(host.log)?.[1] ?? assert.fail();
  assert.doesNotMatch(status, /[\p{Cc}\u2028]/u);
  assert.ok(status.length < 200);
});

test('a command that never succeeds ends the start at the limit, with its last output', async (test) => {
  const host = new FakeHost(test, 'echo refused; exit 7');
  const { exitCode, stderr } = await host.run(
    await ready(host, command(['/bin/check', 'a\\nb'], { limit: 1 })),
  );
  assert.equal(exitCode, 1);
  assert.equal(stderr, 'refused\nweb@a: not ready after 1 s: exit status 7: /bin/check a\\nb');
});

test('a command that hangs is ended, and counts as one that fails', async (test) => {
  const host = new FakeHost(test, 'exec sleep 60');
  const { exitCode, stderr } = await host.run(
    await ready(host, command(['/bin/check'], { limit: 1, timeout: 1 })),
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /not ready after 1 s: no answer within 1 s: \/bin\/check$/);
});

test('the end of the container ends the waiting', async (test) => {
  const host = new FakeHost(test, 'exit 1');
  const script = await ready(host, command(['/bin/check'], { limit: 86_400 }));
  const { exitCode, stderr } = await host.run(script, { MAINPID: '4194305' });
  assert.equal(exitCode, 1);
  assert.equal(stderr, 'web@a: ended before it was ready');
});

test('a person can set another limit by the unit’s environment', async (test) => {
  const host = new FakeHost(test, 'exit 1');
  const script = await ready(host, command(['/bin/check'], { limit: 600 }));
  assert.match((await host.run(script, { BERTH_READY_LIMIT: '1' })).stderr, /not ready after 1 s/);
  for (const limit of ['soon', '-1', '010', '1; id', '99999999']) {
    const { exitCode, stderr } = await host.run(script, { BERTH_READY_LIMIT: limit });
    assert.deepEqual([exitCode, stderr], [1, 'web@a: BERTH_READY_LIMIT is not a number of seconds']);
  }
});

const CREATE = `case $1 in create) printf 4242 >"$5"; env | grep -c "^LISTEN_PID=$$\\$" >>"$here/listen";; esac`;

test('the start script tells systemd the main process before that runs, by a socket that the runtime never sees', async (test) => {
  const host = new FakeHost(test, CREATE);
  const { start = '' } = await renderScripts('web@a.service', { by: 'notify', watchdog: 1 }, host.container);
  const { exitCode, stderr } = await host.run(start, { NOTIFY_SOCKET: '/run/notify' });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(host.log.trim().split('\n'), [
    `runc unset create|--bundle|/var/lib/b'undle|--pid-file|${host.container.pidFile}|web+a|`,
    'systemd-notify /run/notify --pid=4242|',
    'runc unset start|web+a|',
  ]);
  // The runtime takes sockets only when they are meant for its own process.
  assert.equal(readFileSync(join(host.directory, 'listen'), 'utf8'), '1\n');
});

test('a container that cannot be started does not stay', async (test) => {
  const host = new FakeHost(test, `${CREATE}; [ "$1" != start ]`);
  const { start = '' } = await renderScripts('web@a.service', { by: 'notify', watchdog: 1 }, host.container);
  assert.equal((await host.run(start)).exitCode, 1);
  assert.match(host.log, /runc unset delete\|--force\|web\+a\|\n$/);
  const unheard = new FakeHost(test, CREATE, 'exit 1');
  const { start: third = '' } = await renderScripts(
    'web@a.service',
    { by: 'notify', watchdog: 1 },
    unheard.container,
  );
  assert.equal((await unheard.run(third)).exitCode, 1);
  assert.doesNotMatch(unheard.log, /start/);
  assert.match(unheard.log, /runc unset delete/);
  const broken = new FakeHost(test, 'exit 1');
  const second = await renderScripts('web@a.service', { by: 'notify', watchdog: 1 }, broken.container);
  assert.equal((await broken.run(second.start ?? '')).exitCode, 1);
  assert.doesNotMatch(broken.log, /start|notify/);
});

test('a command with a NUL is refused', async (test) => {
  const host = new FakeHost(test, '');
  await assert.rejects(ready(host, command(['/bin/check', 'a\0b'])), { code: 'unit-invalid' });
});

test('a unit gets what its readiness takes, and keeps what it says itself', async (test) => {
  const { container } = new FakeHost(test, '');
  const add = (text: string, readiness: Readiness) =>
    addReadiness(parseUnitFile(`[Service]\n${text}`, 'web'), readiness, {
      ...container,
      bundle: '/b/100% x',
    }).map(({ section, key, value }) => `${section} ${key}=${value}`);
  assert.deepEqual(add('', { by: 'start' }), []);
  assert.deepEqual(add('', command(['/x'])), [
    'Service NotifyAccess=exec',
    'Service UnsetEnvironment=NOTIFY_SOCKET',
    'Service ExecStartPost=/bin/sh "/b/100%% x/ready"',
  ]);
  const access = (text: string) => add(text, command(['/x'])).filter((line) => line.includes('NotifyAccess'));
  assert.deepEqual(access('NotifyAccess=all\n'), []);
  assert.deepEqual(access('NotifyAccess=main\n'), ['Service NotifyAccess=exec']);
  assert.deepEqual(add('', { by: 'notify', watchdog: undefined }), [
    'Service NotifyAccess=all',
    `Service PIDFile=${container.pidFile}`,
  ]);
  assert.deepEqual(
    add('NotifyAccess=main\nPIDFile=/run/x\nTimeoutAbortSec=1\n', { by: 'notify', watchdog: 5 }),
    [],
  );
  assert.ok(add('', { by: 'notify', watchdog: 5 }).includes('Service TimeoutAbortSec=10'));
});
