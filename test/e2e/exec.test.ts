import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', '--name', 'web', 'httpd-user');
  await succeed(host, 'install', '--now', 'sleeper', 'tiny');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function exec(...args: string[]): Promise<string> {
  return (await succeed(host, 'exec', ...args)).stdout;
}

test('exec runs a command as the service does: its user, directory, files and cgroup', async () => {
  assert.equal(await exec('web', '--', 'sh', '-c', 'id -un; pwd; echo $PORT'), 'www-data\n/var/www\n8080');
  assert.equal(await exec('web.service', 'id', 'root'), 'uid=0(root) gid=0(root) groups=0(root)');
  await exec('sleeper', '--', 'sh', '-c', 'sleep 9 >/dev/null 2>&1 &');
  assert.match(await host.sh('systemctl status sleeper.service'), /sleep 9$/m);
});

test('exec runs as another user, in another directory, with another environment', async () => {
  const script = 'id; pwd; echo $HOME $ONE $TWO';
  const said = await exec(
    '-u',
    'root',
    '-w',
    '/srv',
    '-e',
    'ONE=a b',
    '-e',
    'TWO==',
    'web',
    '--',
    'sh',
    '-c',
    script,
  );
  assert.equal(said, 'uid=0(root) gid=0(root) groups=0(root)\n/srv\n/root a b =');
  assert.match(await exec('-u', '12:adm', 'sleeper', '--', 'id'), /^uid=12.* gid=4\(adm\)/);
  assert.match(await exec('-u', 'nobody', 'sleeper', '--', 'sh', '-c', 'echo $HOME'), /nonexistent/);
});

test('exec ends as the command does', async () => {
  for (const [script, status] of [
    ['exit 0', 0],
    ['exit 3', 3],
    ['exit 200', 200],
    ['kill -KILL $$', 137],
  ] as const) {
    const { exitCode, combined } = await host.berth('exec', 'sleeper', '--', 'sh', '-c', script);
    assert.equal(exitCode, status, combined);
  }
  const { stdout, stderr } = await host.berth('exec', 'sleeper', '--', 'sh', '-c', 'echo out; echo err >&2');
  assert.deepEqual([stdout, stderr], ['out', 'err']);
});

test('a command reads what berth is given to read only with -i', async () => {
  const script = 'berth exec "$@" sleeper -- sh -c "cat; echo end"';
  const run = (...args: string[]) => host.run('bash', ['-c', script, 'bash', ...args], { input: 'a\nb\n' });
  assert.equal((await run('-i')).stdout, 'a\nb\nend');
  assert.equal((await run()).stdout, 'end');
  const bytes = await host.sh(
    'head -c 3000000 /dev/urandom >/tmp/random; berth exec -i sleeper -- cat </tmp/random | cmp - /tmp/random && echo same',
  );
  assert.equal(bytes, 'same');
});

test('a command has a terminal with -t where berth has one', async () => {
  const inTerminal = (args: string) =>
    host.sh(`script -qec 'berth exec ${args}' /dev/null </dev/null | tr -d '\\r'`);
  assert.match(await inTerminal('-it sleeper -- tty'), /\/dev\/pts\/0$/);
  assert.match(await inTerminal('-i sleeper -- sh -c "test -t 1 || echo none"'), /none$/);
  const { stdout } = await host.berth('exec', '-t', 'sleeper', '--', 'sh', '-c', 'tty || true');
  assert.equal(stdout, 'not a tty');
});

test('a container where no terminal can be made is an error that says so', async () => {
  await succeed(host, 'install', '--now', '--name', 'bare', '--set', 'PORT=8091', 'httpd');
  const { stdout, exitCode } = await host.run('script', [
    '-qec',
    'berth exec -it bare -- id -u',
    '/dev/null',
  ]);
  assert.match(
    stdout,
    /^Error: no terminal can be made: bare: .*\r?\nHint: berth exec -i bare -- id -u\r?$/m,
  );
  assert.equal(exitCode, 2);
  assert.equal(await exec('-i', 'bare', '--', 'id', '-u'), '0');
});

test('a signal to berth ends the command', async () => {
  const { stdout, exitCode } = await host.run('bash', [
    '-c',
    `berth exec sleeper -- sh -c 'trap "echo told; exit 7" TERM; echo ready; while :; do sleep 0.1; done' >/tmp/said & berth=$!
     until grep -q ready /tmp/said; do sleep 0.1; done
     kill -TERM $berth; wait $berth; status=$?; cat /tmp/said; exit $status`,
  ]);
  assert.equal(stdout, 'ready\ntold');
  assert.equal(exitCode, 7);
});

test('shell runs the first shell that the image has', async () => {
  const { stdout, exitCode } = await host.run('berth', ['shell', 'sleeper'], {
    input: 'echo $BASH $0; exit 4\n',
  });
  assert.equal(stdout, '/bin/bash /bin/bash');
  assert.equal(exitCode, 4);
  assert.equal((await host.run('berth', ['shell', '-u', 'root', 'web'], { input: 'id -u' })).stdout, '0');
});

test('an image without a shell has a hint that works when it is pasted', async () => {
  const failed = await host.berth('shell', 'tiny');
  assertFailure(failed, { status: 127, says: /no shell: tiny/, hint: /^Hint: .*nsenter/m });
  const command = /nsenter.*$/m.exec(failed.stderr)?.[0];
  assert.match(await host.sh(`echo 'readlink /proc/self/ns/net' | ${command}`), /^net:/);
});

test('a command that cannot be run ends exec as it would end a shell, in one line', async () => {
  const hint = /^Hint: look at its files in \/mnt: berth mount sleeper \/mnt$/m;
  for (const [args, status, says] of [
    [
      ['sleeper', '--', 'nosuch', '-l'],
      127,
      /^Error: cannot run "nosuch": sleeper: in no directory of its PATH$/m,
    ],
    [['sleeper', '/no/such'], 127, /no such file/],
    [['-e', 'PATH=/none', 'sleeper', 'ls'], 127, /PATH/],
    [['sleeper', '/etc/passwd'], 126, /not an executable file/],
    [['-w', '/etc', 'sleeper', './passwd'], 126, /not an executable file/],
  ] as const) {
    const failed = await host.berth('exec', ...args);
    assertFailure(failed, { status, says, hint });
    assert.equal(failed.stderr.split('\n').length, 2, failed.stderr);
  }
  // What is in a mount is what the service made of it.
  assert.equal((await host.berth('exec', 'sleeper', '/tmp/mine')).exitCode, 127);
  await exec('sleeper', '--', 'sh', '-c', 'cp /bin/true /tmp/mine');
  await exec('sleeper', '/tmp/mine');
});

test('a service that has given itself another root hides no command of its container', async () => {
  const config = { Entrypoint: ['chroot', '/usr', '/bin/sleep', 'infinity'], Cmd: [] };
  await pushImage(host, 'jailed', { from: 'sleeper', files: { 'srv/none': '' }, config });
  await succeed(host, 'install', '--now', 'jailed');
  assert.equal(await exec('jailed', '--', '/usr/bin/id', '-un'), 'root');
  const shell = await host.run('berth', ['shell', 'jailed'], { input: 'echo $0' });
  assert.equal(shell.stdout, '/bin/bash', shell.stderr);
  assertFailure(await host.berth('exec', 'jailed', 'nosuch'), {
    status: 127,
    says: /no directory of its PATH/,
  });
});

test('what does not run, is not there or cannot be, is an error that leads on', async () => {
  await succeed(host, 'install', '--name', 'rests', 'sleeper');
  for (const command of [
    ['exec', 'rests', '--', 'id'],
    ['shell', 'rests'],
  ]) {
    const hint = /^Hint: systemctl start rests\.service$/m;
    assertFailure(await host.berth(...command), { status: 3, says: /not running: rests/, hint });
  }
  assertFailure(await host.berth('exec', 'nobody', 'id'), { status: 4, says: /not installed: nobody/ });
  assertFailure(await host.berth('exec', 'web'), { status: 2, says: /missing required argument 'command'/ });
  assertFailure(await host.berth('exec', '-e', 'X', 'web', 'id'), { status: 2, says: /not a variable/ });
  assertFailure(await host.berth('exec', '-w', 'srv', 'web', 'id'), {
    status: 2,
    says: /not an absolute path/,
  });
  const unknown = await host.berth('exec', '-u', 'stranger', 'web', 'id');
  assertFailure(unknown, {
    status: 1,
    says: /unknown user of the image: "stranger": not in its \/etc\/passwd$/m,
    hint: /^Hint: berth exec web -- cat \/etc\/passwd \/etc\/group$/m,
  });
  await host.sh('mkdir -p /srv/other');
  const offline = await host.berth('--root', '/srv/other', 'exec', 'web', 'id');
  assertFailure(offline, { status: 2, says: /nothing runs below/ });
});
