import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', 'sleeper');
  await host.sh('mkdir -p /srv/here; echo secret of the host >/srv/secret; echo host >/etc/only-host');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function inside(script: string): Promise<string> {
  return (await succeed(host, 'exec', 'sleeper', '--', 'sh', '-c', script)).stdout;
}

test('files and directories are copied out and in, with their modes', async () => {
  await inside(
    'mkdir -p /tmp/d/e; head -c 3000000 /dev/urandom >/tmp/d/e/big; chmod 640 /tmp/d/e/big; ln -s e/big /tmp/d/link; mkfifo /tmp/d/pipe',
  );
  const { stderr } = await succeed(host, 'cp', 'sleeper:/tmp/d', '/srv/here');
  assert.match(stderr, /left out.*pipe/);
  assert.equal(
    await host.sh('stat -c %a /srv/here/d/e/big; readlink /srv/here/d/link; ls -A /srv/here/d'),
    '640\ne/big\ne\nlink',
  );
  await succeed(host, 'cp', '/srv/here/d', 'sleeper:/tmp/again');
  assert.equal(
    await inside('cmp /tmp/d/e/big /tmp/again/e/big && echo same; ls -A /tmp/again'),
    'same\ne\nlink',
  );
  await succeed(host, 'cp', 'sleeper:/etc/passwd', '/srv/here/users');
  assert.equal(await host.sh('head -c 4 /srv/here/users'), 'root');
});

test('no symlink of the container leads out of it', async () => {
  await inside(`ln -s /srv/secret /tmp/absolute; ln -s ../../../../../../../srv/secret /tmp/relative
    ln -s /proc/1/root/etc/only-host /tmp/magic; ln -s /srv/here /tmp/out; mkdir /tmp/tree; ln -s /srv/secret /tmp/tree/in`);
  for (const name of ['absolute', 'relative', 'magic', '../../../../srv/secret', 'out/x']) {
    assertFailure(await host.berth('cp', `sleeper:/tmp/${name}`, '/srv/here/stolen'), {
      status: 1,
      says: /cannot copy/,
    });
  }
  assertFailure(await host.berth('cp', '/srv/secret', 'sleeper:/tmp/out/planted'), {
    status: 1,
    says: /cannot copy/,
  });
  await succeed(host, 'cp', 'sleeper:/tmp/tree', '/srv/here');
  assert.equal(
    await host.sh('readlink /srv/here/tree/in; ls /srv/here | grep -c "stolen\\|planted" || true'),
    '/srv/secret\n0',
  );
  // The name itself is replaced, not what it leads to.
  await succeed(host, 'cp', '/srv/here/users', 'sleeper:/tmp/absolute');
  assert.equal(await host.sh('cat /srv/secret'), 'secret of the host');
});

test('nothing becomes setuid, and the root stays as it is', async () => {
  await inside('cp /bin/true /tmp/setuid; chmod 4755 /tmp/setuid');
  await succeed(host, 'cp', 'sleeper:/tmp/setuid', '/srv/here');
  assert.equal(await host.sh('stat -c %a /srv/here/setuid'), '755');
  const refused = await host.berth('cp', '/srv/secret', 'sleeper:/etc/planted');
  assertFailure(refused, {
    status: 1,
    says: /read-only/,
    hint: /^Hint: .*berth exec sleeper -- cat \/proc\/mounts$/m,
  });
});

test('what cannot be copied is an error that leads on', async () => {
  assertFailure(await host.berth('cp', '/a', '/b'), { status: 2, says: /not one of them in a service/ });
  assertFailure(await host.berth('cp', 'nobody:/a', '/b'), { status: 4, says: /not installed: nobody/ });
  assertFailure(await host.berth('cp', 'sleeper:/none', '/srv/here'), {
    status: 1,
    says: /cannot copy: sleeper:\/none to \/srv\/here: \/none: no such file or directory$/m,
  });
  await host.sh('systemctl stop sleeper');
  assertFailure(await host.berth('cp', 'sleeper:/etc/passwd', '/srv'), {
    status: 3,
    says: /not running: sleeper/,
  });
});
