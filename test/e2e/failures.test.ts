import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, type Failure, leavesNothing } from './attempt.ts';
import { pushImage, REGISTRY } from './push-image.ts';
import { stateOfHost } from './state-of-host.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

/** Asserts that commands fail as stated and that the host is as it was before. */
async function fail(...cases: [args: string[], failure: Failure][]): Promise<void> {
  await leavesNothing(host, async () => {
    for (const [args, failure] of cases) assertFailure(await host.berth(...args), failure);
  });
}

test('an image that no registry has is not found', async () => {
  await fail([
    ['install', 'no-such-image'],
    {
      status: 4,
      says: /^Error: not found: 127\.0\.0\.1:5000\/no-such-image:latest: 127\.0\.0\.1:5000 answered 404/m,
      hint: /^Hint: check the name, and its tags: berth tags 127/m,
    },
  ]);
});

test('what is no reference, no name and no option is a usage error', async () => {
  await fail(
    [['install', 'UPPER//case'], { status: 2, says: /^Error: not a reference: "UPPER\/\/case"/m }],
    [['install', '--name', '../x', 'etcd'], { status: 2, says: /^Error: not a service name: "\.\.\/x"/m }],
    [['install', '--name', 'a', 'etcd', 'httpd'], { status: 2, says: /^Error: --name is for one image/m }],
    [
      ['install', 'etcd', `${REGISTRY}/etcd:3.4`],
      { status: 2, says: /^Error: two of these images would be the service etcd/m, hint: /^Hint: .*--name/m },
    ],
    [['install', '--nmae', 'x', 'etcd'], { status: 2, says: /^Error: unknown option '--nmae'/m }],
    [['install', '--set', 'PORT', 'httpd'], { status: 2, says: /^Error: not a setting: --set PORT/m }],
    [['--root', '/srv', 'install', '--now', 'etcd'], { status: 2, says: /^Error: --now starts services/m }],
    [['instal', 'etcd'], { status: 2, says: /^Error: unknown command 'instal'/m }],
  );
});

test('who is not root is refused', async () => {
  await leavesNothing(host, async () => {
    const result = await host.run('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      // The checkout may lie where only root may read, such as in /root.
      '--inh-caps=+dac_read_search',
      '--ambient-caps=+dac_read_search',
      'berth',
      'install',
      'etcd',
    ]);
    assertFailure(result, { status: 1, says: /^Error: berth must run as root/m });
    assert.match(result.stderr, /^Hint: sudo berth install etcd$/m);
  });
});

test('a reader that stops reading does not end a change in the middle, and lost data is a failure', async () => {
  const closed = 'berth install --no-enable sleeper 2>&1 | true; echo "$PIPESTATUS"';
  assert.equal(await host.sh(`set +o pipefail; ${closed}`), '0');
  const full = await host.run('bash', ['-c', 'berth list >/dev/full']);
  assert.equal(full.exitCode, 1);
  assert.match(full.stderr, /^Error: cannot write to stdout: ENOSPC[^\n]*$/);
  const { exitCode, stderr } = await host.berth('uninstall', 'sleeper');
  assert.equal(exitCode, 0, stderr);
});

test('what is not installed can be neither inspected nor uninstalled', async () => {
  const says = /^Error: not installed: etcd$/m;
  await fail(
    [['uninstall', 'etcd'], { status: 4, says, hint: /^Hint: berth list$/m }],
    [['inspect', 'etcd'], { status: 4, says }],
  );
});

test('a variable without a value is named, with its file and the option to give', async () => {
  await fail([
    ['install', 'missing-value'],
    {
      status: 1,
      says: /^Error: a variable has no value: GREETING \(.*config\.json\.template\)$/m,
      hint: /^Hint: berth install missing-value --set GREETING=VALUE$/m,
    },
  ]);
});

test('a value with a control character is refused', async () => {
  await fail([
    ['install', '--set', 'ETCD_NAME=a\nExecStartPost=/bin/touch /root/owned', 'etcd'],
    {
      status: 1,
      says: /^Error: cannot use the value of ETCD_NAME: --set: it has the control character U\+000A$/m,
    },
  ]);
});

test('a variable that no template takes is refused', async () => {
  await fail([
    ['install', '--set', 'ECTD_NAME=x', 'etcd'],
    {
      status: 1,
      says: /^Error: cannot set ECTD_NAME: etcd: the image has no such variable$/m,
      hint: /^Hint: it takes .*ETCD_NAME/m,
    },
  ]);
});

test('a unit that does not start is told with its result, status and last lines, and taken away', async () => {
  await fail([
    ['install', '--now', 'broken'],
    {
      status: 1,
      says: /^Error: cannot start: broken\.service: exit-code, ExecStart \/bin\/sh: exit status 1\n {2}.*\/usr\/bin\/no-such-program.*no such file/ms,
      hint: /^Hint: journalctl -u broken\.service$/m,
    },
  ]);
});

test('a service that dies soon after its start is told with its last lines, and taken away', async () => {
  const script = 'sleep 0.5; echo bind: Address already in use; exit 1';
  await pushImage(host, 'soon', {
    files: {
      'exports/manifest.json': '{"version": "1.0", "noContainerService": true}',
      'exports/service.template': `[Service]\nExecStart=/bin/sh -c "${script}"\nRestart=always\n`,
    },
  });
  await fail([
    ['install', '--now', 'soon'],
    {
      status: 1,
      says: /^Error: did not stay up: soon\.service: (?:it ended \(exit-code, .*exit status 1\)|it was restarted)\n {2}bind: Address already in use$/m,
      hint: /^Hint: see who listens there: ss /m,
    },
  ]);
});

test('a unit’s name that the admin has taken is left alone', async () => {
  await host.sh('printf "[Service]\\nExecStart=/bin/true\\n" >/etc/systemd/system/sleeper.service');
  await fail([
    ['install', 'sleeper'],
    {
      status: 1,
      says: /^Error: cannot install: \/etc\/systemd\/system\/sleeper\.service: a file is there that berth did not put there$/m,
      hint: /^Hint: .*--name/m,
    },
  ]);
  await host.sh('rm /etc/systemd/system/sleeper.service');
});

test('a unit of the distribution is not replaced while it runs, and hidden only with a word', async () => {
  const unit = '[Service]\\nExecStart=/bin/sleep infinity\\n';
  await host.sh(
    `printf '${unit}' >/lib/systemd/system/sleeper.service; systemctl daemon-reload; systemctl start sleeper`,
  );
  await fail([
    ['install', 'sleeper'],
    {
      status: 1,
      says: /^Error: cannot install: sleeper\.service: it runs already, from \S+\/sleeper\.service/m,
      hint: /^Hint: systemctl stop sleeper\.service/m,
    },
  ]);
  await host.sh('systemctl stop sleeper');
  const { exitCode, stderr } = await host.berth('install', '--dry-run', 'sleeper');
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^Warning: sleeper\.service hides \S+\/sleeper\.service/m);
  await host.sh('rm /lib/systemd/system/sleeper.service; systemctl daemon-reload');
});

test('a file of the host is not overwritten by one of an image', async () => {
  await host.sh('echo mine >/usr/local/bin/etcdctl');
  await fail([
    ['install', 'etcd'],
    {
      status: 1,
      says: /^Error: cannot install: \/usr\/local\/bin\/etcdctl: a file is there/m,
      hint: /^Hint: .*mv --no-clobber \/usr\/local\/bin\/etcdctl /m,
    },
  ]);
  assert.equal(await host.sh('cat /usr/local/bin/etcdctl'), 'mine');
  await host.sh('rm /usr/local/bin/etcdctl');
});

const TOOL = {
  'exports/manifest.json': '{"version": "1.0", "noContainerService": true}',
  'exports/hostfs/usr/local/bin/tool': 'tool\n'.repeat(1000),
};

test('a blob that is not what its digest names ends the install', async () => {
  const digest = await pushImage(host, 'tampered', { files: TOOL });
  const hex = digest.slice('sha256:'.length);
  const blob = `/srv/registry/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  await host.sh(`printf T | dd of=${blob} bs=1 seek=40 conv=notrunc status=none`);
  await fail([['install', 'tampered'], { status: 1, says: new RegExp(`^Error: .*${digest}.*$`, 'm') }]);
  await host.sh(`truncate --size -9 ${blob}`);
  await fail([['install', 'tampered'], { status: 1, says: new RegExp(`^Error: .*${hex}.*$`, 'm') }]);
});

test('a layer that is not what the config names ends the install', async () => {
  const diffId = `sha256:${'0'.repeat(64)}`;
  await pushImage(host, 'other-layer', { files: TOOL, diffId });
  await fail([['install', 'other-layer'], { status: 1, says: new RegExp(`^Error: .*${diffId}`, 'm') }]);
});

test('output on a disk that fails does not keep a command from its end', async () => {
  const strace = 'strace --follow-forks --output /dev/null --trace-path /root/out --inject fsync:error=EIO';
  await host.sh(`timeout --signal KILL 60 ${strace} berth recover >/root/out 2>&1`);
  assert.match(await host.sh('cat /root/out'), /^nothing was interrupted/);
});

test('a registry that is down is named', async () => {
  await host.sh('systemctl stop test-registry');
  await fail([
    ['install', 'etcd'],
    {
      status: 1,
      says: /^Error: cannot reach the registry: 127\.0\.0\.1:5000: .*ECONNREFUSED/m,
    },
  ]);
  await host.sh('systemctl start test-registry');
});

test('a full disk is told with what is free, before a pull where that can be known, and leaves nothing', async () => {
  await using small = await Host.boot({ registry: true, storeMiB: 64 });
  const before = await stateOfHost(small);
  // Its layers fit as they are fetched, and do not unpacked.
  const full = await small.berth('install', 'etcd');
  const says =
    /^Error: cannot unpack.*: no space left on \/var\/lib\/berth \(\d+\.\d MiB, \d+ inodes free\)/m;
  assertFailure(full, { status: 1, says });
  assert.match(full.stderr, /^Hint: df -h \/var\/lib\/berth/m);
  assert.deepEqual(await stateOfHost(small), before);

  await small.sh('fallocate --length 20M /var/lib/berth/filler');
  const refused = await small.berth('install', 'etcd');
  const needs = /^Error: cannot pull 127\.0\.0\.1:5000\/etcd:latest: .*needs at least \d+\.\d MiB/m;
  assertFailure(refused, { status: 1, says: needs });
  assert.doesNotMatch(refused.stderr, /^pulling/m);
  assert.deepEqual(await stateOfHost(small), before);

  // What the attempts took is free again.
  await pushImage(small, 'tool', { files: TOOL });
  assert.equal((await small.berth('install', 'tool')).exitCode, 0);
});
