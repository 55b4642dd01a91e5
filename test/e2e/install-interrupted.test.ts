import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, leavesNothing } from './attempt.ts';
import { interrupt } from './interrupt.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const STAGED = 'compgen -G "/var/lib/berth/store/staging/*/*/objects/*/*" >/dev/null';

test('two installs of one service at once: the second waits, says for whom, and finds it installed', async () => {
  await host.sh(
    `systemctl kill --signal STOP test-registry
     berth install sleeper 2>/root/first & first=$!
     until grep -q . /var/lib/berth/lock; do sleep 0.1; done
     berth install sleeper 2>/root/second & second=$!
     until grep -q waiting /root/second; do sleep 0.1; done
     systemctl kill --signal CONT test-registry
     wait $first; wait $second`,
  );
  assert.match(await host.sh('cat /root/first'), /^sleeper: installed /m);
  const second = await host.sh('cat /root/second');
  assert.match(second, /^waiting for process \d+ \(berth install sleeper\)$/m);
  assert.match(second, /^sleeper: already installed from 127\.0\.0\.1:5000\/sleeper:latest$/m);
  assert.equal((await host.berth('uninstall', 'sleeper')).exitCode, 0);
});

test('Ctrl-C while an image is looked up, fetched or checked out ends it and leaves nothing', async () => {
  await host.sh('systemctl kill --signal STOP test-registry');
  try {
    await leavesNothing(host, async () => {
      const silent = await interrupt(
        host,
        'INT',
        'ss -Htn dst 127.0.0.1:5000 | grep -q ESTAB',
        'install',
        'httpd',
      );
      assertFailure(silent, {
        status: 130,
        says: /^Error: interrupted: looking up 127\.0\.0\.1:5000\/httpd/m,
      });
    });
  } finally {
    await host.sh('systemctl kill --signal CONT test-registry');
  }
  await leavesNothing(host, async () => {
    const pull = await interrupt(host, 'INT', STAGED, 'install', 'httpd');
    assertFailure(pull, {
      status: 130,
      says: /^Error: interrupted: pulling 127\.0\.0\.1:5000\/httpd:latest$/m,
    });
  });
  await leavesNothing(host, async () => {
    const staged = 'compgen -G "/var/lib/berth/store/staging/*/*/deployments/httpd/rootfs/*" >/dev/null';
    const checkout = await interrupt(host, 'INT', staged, 'install', 'httpd');
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
  await leavesNothing(host, async () => {
    const result = await interrupt(host, 'INT', STARTING, 'install', '--now', 'sleeper');
    assertFailure(result, {
      status: 130,
      says: /^Error: interrupted: install sleeper: everything is as it was before$/m,
    });
  });
  assert.equal(await host.sh('systemctl is-active sleeper || true'), 'inactive');
});

const MOMENTS: [what: string, when: string][] = [
  ['a pull', STAGED],
  ['a checkout', 'compgen -G "/var/lib/berth/store/staging/*/*/deployments/httpd/rootfs/*" >/dev/null'],
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
      await leavesNothing(host, async () => {
        const killed = await interrupt(host, 'KILL', when, 'install', '--set', 'PORT=8080', 'httpd');
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

test('what a boot has started of an install that is then undone is stopped', async () => {
  const enabled = '[ -e /etc/systemd/system/multi-user.target.wants/sleeper.service ]';
  const killed = await interrupt(host, 'KILL', enabled, 'install', 'sleeper');
  assert.equal(killed.exitCode, 137, killed.combined);
  await host.reboot();
  assert.equal(await host.sh('systemctl is-active sleeper'), 'active');
  const next = await host.berth('recover');
  assert.match(next.stderr, /^recovered: "install sleeper" was interrupted and is now undone$/m);
  assert.equal(await host.sh('systemctl is-active sleeper || true'), 'inactive');
  assert.equal(await host.sh('ls /run/runc'), '');
});

test('an install that was killed while the service started is complete, and the next command says so', async () => {
  const killed = await interrupt(host, 'KILL', STARTING, 'install', '--now', 'sleeper');
  assert.equal(killed.exitCode, 137, killed.combined);
  const next = await host.berth('install', 'sleeper');
  assert.equal(next.exitCode, 0);
  assert.match(
    next.stderr,
    /^recovered: "install sleeper" was interrupted while its services started; it is installed$/m,
  );
  assert.match(next.stderr, /^sleeper: already installed/m);
  await host.sh('until systemctl is-active sleeper; do sleep 0.1; done');
});

test('an uninstall that was killed is finished by the next command', async () => {
  for (const when of [
    '[ -e /var/lib/berth/journal/applying.json ]',
    '! [ -e /etc/systemd/system/multi-user.target.wants/sleeper.service ]',
    '! [ -e /etc/systemd/system/sleeper.service ]',
    '! [ -e /var/lib/berth/deployments/sleeper ]',
  ]) {
    const killed = await interrupt(host, 'KILL', when, 'uninstall', 'sleeper');
    const next = await host.berth('install', 'sleeper');
    assert.equal(next.exitCode, 0, next.combined);
    // After the last step there may be nothing left to finish, or to kill.
    if (!when.includes('deployments')) {
      assert.equal(killed.exitCode, 137, killed.combined);
      assert.match(next.stderr, /^recovered: "uninstall sleeper" was interrupted and is now finished$/m);
    }
    assert.match(next.stderr, /^sleeper: installed /m);
  }
  assert.equal((await host.berth('uninstall', 'sleeper')).exitCode, 0);
  assert.equal(await host.sh('find /var/lib/berth/journal /var/lib/berth/deployments -mindepth 1'), '');
});
