import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { assertFailure, leavesNothing, succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(
    host,
    'pull',
    'base',
    'sleeper',
    'httpd',
    'httpd-plain',
    'ready-check',
    'missing-value',
    'whiteouts',
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function run(...args: string[]): Promise<RunResult> {
  return await host.berth('run', ...args);
}

/** What a run could leave behind. */
async function traces(): Promise<string> {
  return await host.sh(`ls /var/lib/berth/runs /run/systemd/transient /run/runc 2>/dev/null | grep berth-run || true
    systemctl list-units --all --plain --no-legend 'berth-run-*'
    find /etc /var/lib /run -name '*berth-run-*' -not -path '/run/log/*'; findmnt --list | grep berth-run || true`);
}

test('run gives a command in an image its input and its output, ends as it does, and leaves nothing', async () => {
  await leavesNothing(host, async () => {
    const { stdout, stderr, exitCode } = await host.run(
      'berth',
      ['run', 'base', '--', 'sh', '-c', 'cat; echo err >&2; exit 3'],
      { input: 'in\n' },
    );
    assert.deepEqual({ stdout, stderr, exitCode }, { stdout: 'in', stderr: 'err', exitCode: 3 });
    assert.equal(await traces(), '');
  });
  assert.equal((await run('--rm', 'base', 'true')).exitCode, 0);
  assert.equal((await run('base', '--', 'sh', '-c', 'exit 200')).exitCode, 200);
});

test('run passes bytes as they are', async () => {
  const said = await host.sh(`head -c 3000000 /dev/urandom >/tmp/random
    berth run base cat </tmp/random 2>/tmp/errors | cmp - /tmp/random && echo same; cat /tmp/errors`);
  assert.equal(said, 'same');
});

test('the command is in a unit of its own while it runs, with a read-only root', async () => {
  const script = `berth run base -- sh -c 'touch /x; sleep 1000' & berth=$!
    until pgrep -f '^sleep 1000'; do sleep 0.1; done; systemctl status 'berth-run-*'; kill -INT $berth; wait`;
  const { combined } = await host.run('bash', ['-c', script]);
  assert.match(combined, /berth run 127\.0\.0\.1:5000\/base:latest/);
  assert.match(combined, /payload\n.*\n?.*sleep 1000$/m);
  assert.match(combined, /Read-only file system/);
});

test('what an image keeps is in memory, and belongs to whom it belongs in the image', async () => {
  const state = await run(
    'ready-check',
    '--',
    'sh',
    '-c',
    'echo kept >/state/answer; stat -f -c %T /state; cat /state/answer',
  );
  assert.equal(state.stdout, 'tmpfs\nkept', state.combined);
  assert.equal(await traces(), '');
});

test('--mount shows files of the host, and lets the command write where it is not read-only', async () => {
  await host.sh('mkdir -p /srv/in /srv/out; echo seed >/srv/in/seed');
  const script = 'cat /in/seed >/out/copy; touch /in/x || echo refused';
  const { stdout } = await run(
    '--mount',
    '/srv/in:/in:ro',
    '--mount',
    '/srv/out:/out',
    'base',
    '--',
    'sh',
    '-c',
    script,
  );
  assert.equal(stdout, 'refused');
  assert.equal(await host.sh('cat /srv/out/copy; ls /srv/in'), 'seed\nseed');
});

test('an image with templates runs with its values, and puts none of its files on the host', async () => {
  assertFailure(await run('missing-value'), { status: 1, says: /GREETING/, hint: /--set GREETING=/ });
  // An install would have systemd-tmpfiles make it.
  const without = await run('httpd', '--', 'true');
  assertFailure(without, { status: 1, says: /\/var\/www.*is not there/, hint: /mkdir -p \/var\/www/ });
  await host.sh('mkdir -p /var/www');
  await leavesNothing(host, async () => {
    const { stdout, exitCode, combined } = await run(
      '--set',
      'PORT=8099',
      'httpd',
      '--',
      'sh',
      '-c',
      'echo $PORT',
    );
    assert.equal(exitCode, 0, combined);
    assert.equal(stdout, '8099');
  });
});

test('a terminal is passed with -t', async () => {
  const said = await host.sh(`script -qec 'berth run -t base -- tty' /dev/null </dev/null | tr -d '\\r'`);
  assert.match(said, /\/dev\/(?:console|pts\/0)$/);
});

test('Ctrl-C stops the command and removes it', async () => {
  const { exitCode } = await host.run('bash', [
    '-c',
    `berth run sleeper & berth=$!
     until systemctl is-active --quiet 'berth-run-*'; do sleep 0.1; done
     kill -INT $berth; wait $berth`,
  ]);
  assert.equal(exitCode, 130);
  assert.equal(await traces(), '');
});

test('a run whose berth was killed goes on, and removes itself at its end', async () => {
  await host.sh(`berth run sleeper </dev/null >/dev/null 2>&1 & berth=$!
    until systemctl is-active --quiet 'berth-run-*'; do sleep 0.1; done
    kill -KILL $berth; wait $berth || true`);
  assert.equal((await run('base', 'true')).exitCode, 0);
  assert.match(await traces(), /^berth-run-/);
  await host.sh(`systemctl stop 'berth-run-*'`);
  assert.equal(await traces(), '');
  // One that a power cut ended.
  await host.sh('mkdir -p /var/lib/berth/runs/berth-run-abcdef/rootfs');
  assert.equal((await run('base', 'true')).exitCode, 0);
  assert.equal(await traces(), '');
});

test('what cannot run is an error, and leaves nothing', async () => {
  assertFailure(await run('no-such-image'), { status: 4, says: /no-such-image/ });
  assertFailure(await run('--mount', 'srv', 'base'), {
    status: 2,
    says: /not a mount: --mount srv/,
    hint: /--mount/,
  });
  const missing = await run('--mount', '/srv/none:/none', 'base', 'true');
  assertFailure(missing, { status: 1, says: /\/srv\/none.*is not there/, hint: /mkdir/ });
  assert.equal(await traces(), '');
});

test('a command that cannot be run ends run as it would end a shell, in one line', async () => {
  const hint = /^Hint: look at its files in \/mnt: berth mount 127\.0\.0\.1:5000\/base:latest \/mnt$/m;
  assertFailure(await run('base', '--', 'nosuch', '-l'), {
    status: 127,
    says: /^Error: cannot run "nosuch": \S+\/base:latest: in no directory of its PATH\nHint: [^\n]*$/m,
    hint,
  });
  assertFailure(await run('base', '/no/such/program'), { status: 127, says: /no such file/, hint });
  assertFailure(await run('base', '/etc/passwd'), { status: 126, says: /not an executable file/, hint });
  assert.equal(await traces(), '');
  await host.sh('mkdir -p /srv/bin; cp /bin/true /srv/bin/mine');
  assert.equal((await run('--mount', '/srv/bin:/tools:ro', 'base', '/tools/mine')).exitCode, 0);
});

test('an image that is made to run once becomes a service only by force', async () => {
  const config = { Cmd: ['/bin/echo', 'ran'], Labels: { 'atomic.run': 'once' } };
  await pushImage(host, 'once', { from: 'base', files: {}, config });
  const failure = {
    status: 2,
    says: /cannot install once: its label atomic\.run=once/,
    hint: /Hint: berth run once/,
  };
  assertFailure(await host.berth('install', 'once'), failure);
  assert.equal((await run('once')).stdout, 'ran');
  const { stderr } = await succeed(host, 'install', '--force', 'once');
  assert.match(stderr, /^Warning: once: its label atomic\.run=once/m);
  await succeed(host, 'uninstall', 'once');
});
