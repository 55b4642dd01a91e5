import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

// Images go from place to place, and what other programs find there is what was meant to be.

/** A registry that wants a name and a password: me, secret. */
const GUARDED = '127.0.0.1:5001';
const IMAGES = '/var/tmp/images';
const AUTH = '/root/.config/containers/auth.json';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  const settings = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: '/srv/guarded' }, delete: { enabled: true } },
    http: { addr: GUARDED },
    auth: { htpasswd: { realm: 'test', path: '/srv/htpasswd' } },
  };
  // YAML takes JSON.
  writeFileSync(host.path('/srv/guarded.yml'), JSON.stringify(settings));
  await host.sh(`mkdir ${IMAGES}
    htpasswd -Bbn me secret >/srv/htpasswd 2>/dev/null
    systemd-run --quiet --unit=guarded docker-registry serve /srv/guarded.yml
    until (: </dev/tcp/127.0.0.1/5001) 2>/dev/null; do sleep 0.02; done`);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

function login(password: string, ...more: string[]) {
  const args = ['login', '--username', 'me', '--password-stdin', ...more, GUARDED];
  return host.run('berth', args, { input: `${password}\n` });
}

/** What another program finds there. */
async function inspect(image: string): Promise<{ Digest: string; Layers: string[] }> {
  return JSON.parse(await host.sh(`skopeo inspect --tls-verify=false --authfile ${AUTH} ${image}`));
}

async function digestOf(image: string): Promise<string> {
  return (await inspect(image)).Digest;
}

describe('a credential', () => {
  test('that the registry refuses is not kept', async () => {
    assertFailure(await login('wrong', '--authfile', AUTH), {
      status: 1,
      says: /^Error: the credential is refused: 127\.0\.0\.1:5001: /m,
    });
    assert.ok(!existsSync(host.path(AUTH)));
    assertFailure(await host.berth('tags', `${GUARDED}/tiny`), { status: 1, says: /answered 401/ });
  });

  test('is kept where podman and skopeo find it, and forgotten again', async () => {
    const kept = await login('secret');
    assert.equal(kept.exitCode, 0, kept.combined);
    const file = '/run/containers/0/auth.json';
    assert.match(kept.stderr, new RegExp(`^logged in to ${GUARDED} as me: kept by ${file}\nHint: `));
    assert.equal(statSync(host.path(file)).mode & 0o777, 0o600);
    await berth('copy', `${REGISTRY}/tiny:1`, `${GUARDED}/tiny:1`);
    assert.equal(
      await host.sh(
        `skopeo list-tags --tls-verify=false --authfile ${file} docker://${GUARDED}/tiny | grep -c '"1"'`,
      ),
      '1',
    );
    await berth('logout', GUARDED);
    assert.deepEqual(JSON.parse(readFileSync(host.path(file), 'utf8')), { auths: {} });
    assertFailure(await host.berth('tags', `${GUARDED}/tiny`), { status: 1, says: /answered 401/ });
  });

  test('is asked for at a terminal, which does not show the password', async () => {
    const shown = await host.sh(`cd ${IMAGES}; mkfifo typed; touch shown
      script --quiet --flush --return --command 'berth login --authfile ${AUTH} ${GUARDED}' shown <typed >/dev/null &
      exec 3>typed
      until grep -q 'Name for' shown; do sleep 0.05; done; printf 'me\\r' >&3
      until grep -q 'Password: ' shown; do sleep 0.05; done; printf 'secret\\r' >&3
      wait $!; cat shown`);
    assert.match(shown, /Name for 127\.0\.0\.1:5001: /);
    assert.match(shown, /Password: /);
    assert.match(shown, /logged in to 127\.0\.0\.1:5001 as me/);
    assert.doesNotMatch(shown, /secret/);
  });
});

describe('a copy', () => {
  test('has the same digest everywhere, and comes back as it went', async () => {
    const digest = await digestOf(`docker://${REGISTRY}/tiny:1`);
    const places = [
      `docker://${REGISTRY}/tiny:1`,
      `docker://${GUARDED}/a/tiny:2`,
      `oci:${IMAGES}/layout:tiny`,
      `oci-archive:${IMAGES}/layout.tar:tiny`,
      `dir:${IMAGES}/dir`,
      `docker://${GUARDED}/b/tiny:3`,
    ];
    for (const [index, from] of places.entries()) {
      const to = places[index + 1];
      if (to === undefined) break;
      assert.equal((await berth('copy', from, to)).stdout.trim(), digest, to);
      assert.equal(await digestOf(to), digest, to);
    }
  });

  test('for docker has the image’s config and its layers, uncompressed', async () => {
    const archive = `docker-archive:${IMAGES}/docker.tar:me/tiny:1`;
    await berth('copy', `${REGISTRY}/tiny:1`, archive);
    const config = JSON.parse((await berth('inspect', '--config', `${REGISTRY}/tiny:1`)).stdout);
    assert.deepEqual((await inspect(`docker-archive:${IMAGES}/docker.tar`)).Layers, config.rootfs.diff_ids);
    await berth('install', '--now', '--name', 'loaded', archive);
    assert.equal(await host.sh('systemctl is-active loaded'), 'active');
    await berth('uninstall', '--purge', 'loaded');
    const { stdout } = await berth('copy', `docker-archive:${IMAGES}/docker.tar`, `${GUARDED}/loaded:1`);
    assert.equal(await digestOf(`docker://${GUARDED}/loaded:1`), stdout.trim());
    await host.sh(`skopeo --insecure-policy copy --quiet --src-tls-verify=false --src-authfile ${AUTH} \\
      docker://${GUARDED}/loaded:1 dir:${IMAGES}/loaded`);
  });

  test('sends nothing to a registry that has everything in another repository', async () => {
    const { stdout } = await berth('copy', '--json', `${GUARDED}/a/tiny:2`, `${GUARDED}/c/tiny:1`);
    const { copiedBlobs, blobs } = JSON.parse(stdout);
    assert.deepEqual([copiedBlobs, blobs > 1], [0, true]);
  });

  test('that is ended leaves nothing and says so', async () => {
    await host.sh(
      `systemd-run --quiet --unit=silent '${process.execPath}' -e "require('net').createServer(() => {}).listen(5999, '127.0.0.1')"
       until ss -Hltn 'sport = :5999' | grep . >/dev/null; do sleep 0.02; done`,
    );
    const status = await host.sh(
      `berth copy ${REGISTRY}/tiny:1 127.0.0.1:5999/tiny:1 2>${IMAGES}/said & berth=$!
       until ss -Htn 'dport = :5999' | grep ESTAB >/dev/null; do sleep 0.1; done
       kill -TERM $berth; set +e; wait $berth; echo $?; systemctl stop silent`,
    );
    assert.equal(status, '130');
    assert.match(readFileSync(host.path(`${IMAGES}/said`), 'utf8'), /^Error: interrupted: copying /m);
  });
});

describe('a push', () => {
  /** All but what is made beside an image; files of one content, owner, mode, time and attributes are one inode. */
  const listing = (service: string) =>
    host.sh(`cd /var/lib/berth/deployments/${service}/0/rootfs
      find . -type f -size +0 -printf '%i %p\\n' -o -printf '%p %y %m %U %G %s %T@ %l\\n' | sort |
        grep -vE ' ?[.](/(dev|proc|sys|run|tmp|etc)(/[^ ]*)?)? '`);

  test('to where the layers are is the image as it was pulled', async () => {
    await berth('install', '--no-enable', `${REGISTRY}/whiteouts`);
    const digest = await digestOf(`docker://${REGISTRY}/whiteouts`);
    assert.equal((await berth('push', 'whiteouts', `${REGISTRY}/again/whiteouts:1`)).stdout.trim(), digest);
    assert.equal(await digestOf(`docker://${REGISTRY}/again/whiteouts:1`), digest);
  });

  test('to anywhere else makes the same service again, the same each time', async () => {
    const first = (await berth('push', 'whiteouts', `${GUARDED}/whiteouts:1`)).stdout.trim();
    const second = (
      await berth('push', `${REGISTRY}/whiteouts`, `oci:${IMAGES}/layout:whiteouts`)
    ).stdout.trim();
    assert.equal(first, second);
    assert.equal(await digestOf(`docker://${GUARDED}/whiteouts:1`), first);
    await berth('install', '--no-enable', '--name', 'pushed', `${GUARDED}/whiteouts:1`);
    assert.equal(await listing('pushed'), await listing('whiteouts'));
  });
});

describe('a name', () => {
  test('is listed by the registry', async () => {
    await berth('copy', `${REGISTRY}/tiny:1`, `${GUARDED}/tags/tiny:1`);
    await berth('copy', `${REGISTRY}/tiny:1`, `${GUARDED}/tags/tiny:latest`);
    assert.equal((await berth('tags', `${GUARDED}/tags/tiny`)).stdout, '1\nlatest');
  });

  test('can be given and taken away; content goes with the last, when it is pruned', async () => {
    const freed = async () => (await berth('prune')).stderr;
    const names = async () =>
      JSON.parse((await berth('images', '--json')).stdout).map(({ name }: { name: string }) => name);
    await berth('prune', '--all');
    await berth('tag', `${REGISTRY}/whiteouts`, 'registry.test/mine:1');
    assert.ok((await names()).includes('registry.test/mine:1'));
    const { stderr } = await berth('images', 'rm', `${REGISTRY}/whiteouts:latest`, 'registry.test/mine:1');
    assert.match(stderr, /its content stays, whiteouts is made of it/);
    assert.match(await freed(), /freed 0 B/);
    await berth('verify', 'whiteouts');
    await berth('uninstall', '--purge', 'whiteouts');
    assert.doesNotMatch(await freed(), /layers: 0,/);
  });
});
