import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { pushImage, REGISTRY } from './push-image.ts';
import { stateOfHost } from './state-of-host.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

interface Failure {
  status: number;
  says: RegExp;
  hint?: RegExp;
}

/** Asserts that commands fail as stated and that the host is as it was before. */
async function fail(...cases: [args: string[], failure: Failure][]): Promise<void> {
  await leavesNothing(async () => {
    for (const [args, { status, says, hint }] of cases) {
      const result = await host.berth(...args);
      assertFailure(result, { status, says });
      if (hint !== undefined) assert.match(result.stderr, hint);
    }
  });
}

function assertFailure({ exitCode, stdout, stderr, combined }: RunResult, { status, says }: Failure): void {
  assert.equal(exitCode, status, combined);
  assert.equal(stdout, '');
  assert.match(stderr, says);
  assert.match(stderr, /^Error: [^\n]*[^.\n]$/m);
  assert.doesNotMatch(stderr, /^ +at |unexpected/m);
}

async function leavesNothing(attempt: () => Promise<void>): Promise<void> {
  const before = await stateOfHost(host);
  await attempt();
  assert.deepEqual(await stateOfHost(host), before);
}

/** Starts berth, waits in the host until a shell condition holds, and sends it a signal. */
async function interrupt(signal: string, when: string, ...args: string[]): Promise<RunResult> {
  return await host.run(
    'bash',
    [
      '-c',
      `berth "$@" & pid=$!
       until ${when}; do kill -0 $pid || break; done
       kill -${signal} $pid; wait $pid`,
      'bash',
      ...args,
    ],
    { timeout: 30_000 },
  );
}

const STAGED = 'compgen -G "/var/lib/berth/store/staging/*/*/objects/*/*" >/dev/null';

test('an image that no registry has is not found', async () => {
  await fail([
    ['install', 'no-such-image'],
    {
      status: 4,
      says: /^Error: not found: 127\.0\.0\.1:5000\/no-such-image:latest: 127\.0\.0\.1:5000 answered 404/m,
      hint: /^Hint: check the spelling/m,
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
    [
      ['--root', '/root/x', 'install', '--now', 'etcd'],
      { status: 2, says: /^Error: --now starts services/m },
    ],
    [['instal', 'etcd'], { status: 2, says: /^Error: unknown command 'instal'/m }],
  );
});

test('who is not root is refused', async () => {
  await leavesNothing(async () => {
    const result = await host.run('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'berth',
      'install',
      'etcd',
    ]);
    assertFailure(result, { status: 1, says: /^Error: berth must run as root/m });
    assert.match(result.stderr, /^Hint: run the command with sudo$/m);
  });
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
      hint: /^Hint: add --set GREETING=…$/m,
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
      says: /^Error: cannot set ECTD_NAME: the image has no such variable$/m,
      hint: /^Hint: it takes .*ETCD_NAME/m,
    },
  ]);
});

test('a unit that does not start is told with its result, status and last lines, and taken away', async () => {
  await fail([
    ['install', '--now', 'broken'],
    {
      status: 1,
      says: /^Error: cannot start: broken\.service: exit-code, ExecStart \/usr\/bin\/runc: exit status 1\n {2}.*\/usr\/bin\/no-such-program.*no such file/ms,
      hint: /^Hint: journalctl -u broken\.service$/m,
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

test('a file of the host is not overwritten by one of an image', async () => {
  await host.sh('echo mine >/usr/local/bin/etcdctl');
  await fail([
    ['install', 'etcd'],
    {
      status: 1,
      says: /^Error: cannot install: \/usr\/local\/bin\/etcdctl: a file is there/m,
      hint: /^Hint: move \/usr\/local\/bin\/etcdctl away/m,
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

test('two installs of one service at once: the second waits, says for whom, and finds it installed', async () => {
  const { stdout, exitCode } = await host.run('bash', [
    '-c',
    `berth install sleeper 2>/root/first & first=$!
     until grep -q . /var/lib/berth/lock; do :; done
     berth install sleeper 2>/root/second; echo $?; wait $first; echo $?`,
  ]);
  assert.equal(exitCode, 0);
  assert.equal(stdout, '0\n0');
  assert.match(await host.sh('cat /root/first'), /^sleeper: installed /m);
  const second = await host.sh('cat /root/second');
  assert.match(second, /^waiting for process \d+ \(berth install sleeper\)$/m);
  assert.match(second, /^sleeper: already installed from 127\.0\.0\.1:5000\/sleeper:latest$/m);
  assert.equal((await host.berth('uninstall', 'sleeper')).exitCode, 0);
});

test('Ctrl-C while an image is looked up, fetched or checked out ends it and leaves nothing', async () => {
  await host.sh('systemctl kill --signal STOP test-registry');
  try {
    await leavesNothing(async () => {
      const silent = await interrupt('INT', 'ss -Htn dst 127.0.0.1:5000 | grep -q ESTAB', 'install', 'httpd');
      assertFailure(silent, {
        status: 130,
        says: /^Error: interrupted: looking up 127\.0\.0\.1:5000\/httpd/m,
      });
    });
  } finally {
    await host.sh('systemctl kill --signal CONT test-registry');
  }
  await leavesNothing(async () => {
    const pull = await interrupt('INT', STAGED, 'install', 'httpd');
    assertFailure(pull, {
      status: 130,
      says: /^Error: interrupted: pulling 127\.0\.0\.1:5000\/httpd:latest$/m,
    });
  });
  await leavesNothing(async () => {
    const staged = 'compgen -G "/var/lib/berth/store/staging/*/*/httpd/rootfs/*" >/dev/null';
    const checkout = await interrupt('INT', staged, 'install', 'httpd');
    assertFailure(checkout, { status: 130, says: /^Error: interrupted: install httpd/m });
  });
});

/** A service whose start takes long, by a drop-in of the admin. */
async function slowStart(name: string): Promise<void> {
  await host.sh(`mkdir -p /etc/systemd/system/${name}.service.d
    printf '[Service]\\nExecStartPre=/bin/sleep 5\\n' >/etc/systemd/system/${name}.service.d/slow.conf`);
}

const STARTING = 'systemctl show --property SubState --value sleeper | grep -q start-pre';

test('Ctrl-C while a service starts stops it and takes everything back', async () => {
  await slowStart('sleeper');
  await leavesNothing(async () => {
    const result = await interrupt('INT', STARTING, 'install', '--now', 'sleeper');
    assertFailure(result, {
      status: 130,
      says: /^Error: interrupted: install sleeper: everything is as it was before$/m,
    });
  });
  assert.equal(await host.sh('systemctl is-active sleeper || true'), 'inactive');
});

const MOMENTS: [what: string, when: string][] = [
  ['a pull', STAGED],
  ['a checkout', 'compgen -G "/var/lib/berth/store/staging/*/*/httpd/rootfs/*" >/dev/null'],
  ['writing the journal', '[ -e /var/lib/berth/journal/applying.json ]'],
  ['putting the deployment in place', '[ -e /var/lib/berth/deployments/httpd/0 ]'],
  ['putting the unit in place', '[ -e /etc/systemd/system/httpd.service ]'],
  ['making directories', '[ -e /var/www/html ]'],
  ['enabling', '[ -e /etc/systemd/system/multi-user.target.wants/httpd.service ]'],
];

test('an install that was killed is undone by the next command, which says so', async (context) => {
  // Nothing is installed; without the store, layers are pulled anew.
  await host.sh('rm -rf /var/www /var/lib/berth/store');
  for (const [what, when] of MOMENTS) {
    await context.test(what, async () => {
      await leavesNothing(async () => {
        const killed = await interrupt('KILL', when, 'install', '--set', 'PORT=8080', 'httpd');
        assert.equal(killed.exitCode, 137, killed.combined);
        const next = await host.berth('uninstall', 'not-there');
        assert.equal(next.exitCode, 4);
        // Before the journal is written, nothing is changed that anybody would have to be told of.
        const said = /^recovered: "install httpd" was interrupted and is now undone$/m;
        if (/^(a pull|a checkout)$/.test(what)) assert.doesNotMatch(next.stderr, said);
        else assert.match(next.stderr, said);
      });
    });
  }
});

test('an install that was killed while the service started is complete, and the next command says so', async () => {
  const killed = await interrupt('KILL', STARTING, 'install', '--now', 'sleeper');
  assert.equal(killed.exitCode, 137, killed.combined);
  const next = await host.berth('install', 'sleeper');
  assert.equal(next.exitCode, 0);
  assert.match(
    next.stderr,
    /^recovered: "install sleeper" was interrupted while its services started; it is installed$/m,
  );
  assert.match(next.stderr, /^sleeper: already installed/m);
  await host.sh('until systemctl is-active sleeper; do sleep 0.1; done', { timeout: 20_000 });
});

test('an uninstall that was killed is finished by the next command', async () => {
  for (const when of [
    '[ -e /var/lib/berth/journal/applying.json ]',
    '! [ -e /etc/systemd/system/multi-user.target.wants/sleeper.service ]',
    '! [ -e /etc/systemd/system/sleeper.service ]',
    '! [ -e /var/lib/berth/deployments/sleeper ]',
  ]) {
    const killed = await interrupt('KILL', when, 'uninstall', 'sleeper');
    assert.equal(killed.exitCode, 137, killed.combined);
    const next = await host.berth('install', 'sleeper');
    assert.equal(next.exitCode, 0, next.combined);
    // After the last step there may be nothing left to finish.
    if (!when.includes('deployments')) {
      assert.match(next.stderr, /^recovered: "uninstall sleeper" was interrupted and is now finished$/m);
    }
    assert.match(next.stderr, /^sleeper: installed /m);
  }
  assert.equal((await host.berth('uninstall', 'sleeper')).exitCode, 0);
  assert.equal(await host.sh('find /var/lib/berth/journal /var/lib/berth/deployments -mindepth 1'), '');
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
