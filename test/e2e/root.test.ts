import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compareTrees } from '../equality/difference.ts';
import { lookAt } from '../equality/look.ts';
import { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { assertFailure } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

// Services in a system that does not run: a tree that somebody builds an image of.

const TREE = '/srv/tree';
const IMAGES = '/srv/images';
/** Where the symlinks of the tree lead, outside of it for who follows them as the kernel does. */
const OUTSIDE = '/srv/outside';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh(`mkdir -p ${IMAGES} ${OUTSIDE}; mount -t tmpfs -o strictatime tmpfs ${OUTSIDE}
    mount -t tmpfs tmpfs /var/tmp`);
  for (const image of ['tiny:1', 'tiny-next:2', 'etcd:latest']) {
    await host.sh(`skopeo --insecure-policy copy --quiet --src-tls-verify=false \
      docker://${REGISTRY}/${image} oci:${IMAGES}/${image.replace(/:.*/, '')}`);
  }
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

/** Runs berth below a tree, on a machine of which nothing else but /tmp and /var/tmp can be written. */
async function berthBelow(tree: string, env: Record<string, string>, ...args: string[]): Promise<RunResult> {
  const script = `mount --bind ${tree} ${tree}
    for place in / /var/lib/berth; do mount -o remount,bind,ro $place; done
    exec berth --root ${tree} "$@"`;
  return await host.run('unshare', ['--mount', 'bash', '-euc', script, 'bash', ...args], { env });
}

async function succeedBelow(tree: string, env: Record<string, string>, ...args: string[]): Promise<string> {
  const { exitCode, combined, stdout } = await berthBelow(tree, env, ...args);
  assert.equal(exitCode, 0, combined);
  return stdout;
}

/** A system with a runtime, a berth of its own and these symlinks. */
async function makeTree(tree: string, links: Record<string, string> = {}): Promise<void> {
  await host.sh(`rm -rf ${tree}; mkdir -p ${tree}`);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(host.path(tree + path)), { recursive: true });
    symlinkSync(target, host.path(tree + path));
  }
  await host.sh(`mkdir -p ${tree}/{etc,usr/bin,usr/lib/systemd/system} 2>/dev/null || true
    cp /usr/bin/runc ${tree}/usr/bin/; touch ${tree}/usr/bin/berth; chmod 755 ${tree}/usr/bin/berth`);
}

test('what needs a system that runs is refused below a root, with what to do', async () => {
  await makeTree(TREE);
  await host.sh(`rm ${TREE}/usr/bin/berth`);
  await succeedBelow(TREE, {}, 'install', `oci:${IMAGES}/tiny`);
  const refused: [string[], RegExp, RegExp][] = [
    [['install', '--now', `oci:${IMAGES}/etcd`], /--now starts services: /, /leave out --now/],
    [['graph', '--boot'], /no systemd runs there/, /leave out --boot/],
    [['auto-update', 'enable'], /no berth .*: not at/, /install berth there/],
  ];
  for (const [args, says, hint] of refused)
    assertFailure(await berthBelow(TREE, {}, ...args), { status: 2, says, hint });
  const { exitCode, stdout } = await berthBelow(TREE, {}, 'status', 'tiny');
  assert.equal(exitCode, 3);
  assert.match(stdout, /^tiny +-$/m);
});

test('users and directories are left to the boot of that system', async () => {
  await makeTree(TREE);
  const steps = await succeedBelow(TREE, {}, 'install', '--dry-run', `oci:${IMAGES}/tiny`);
  assert.match(steps, /^create +\/etc\/tmpfiles\.d\/tiny\.conf$/m);
  assert.doesNotMatch(steps, /^(?:run|reload) /m);
  await succeedBelow(TREE, {}, 'install', `oci:${IMAGES}/tiny`);
  assert.equal(await host.sh(`ls ${TREE}/etc/tmpfiles.d; ls ${TREE}/var/lib`), 'tiny.conf\nberth');
});

/** A host.yaml with tiny. */
function declaring(image: string): string {
  return `version: 1\nservices: { tiny: { image: "${image}" } }\n`;
}

describe('a tree that is built twice', () => {
  const env = { SOURCE_DATE_EPOCH: '1700000000' };
  const trees = ['/srv/first', '/srv/second'];
  const life = [
    ['update', '--rebase', `oci:${IMAGES}/tiny-next`, 'tiny'],
    ['rollback', 'tiny'],
    ['apply', '-f', '/srv/host.yaml'],
    ['auto-update', 'enable'],
    ['verify'],
    ['uninstall', 'etcd'],
    ['prune', '--all'],
    ['--vendor', 'install', `oci:${IMAGES}/etcd`],
  ];

  /** Looks at both, and asserts that no difference is there, in any file. */
  function lookAtEqual(): string[] {
    const [first, second] = trees.map((tree) => lookAt(host.path(tree)));
    assert.ok(first && second);
    assert.deepEqual(compareTrees(first, second), []);
    return [...first.files.keys()];
  }

  test('is the same after an install, and after a life of changes, to the nanosecond', async () => {
    await makeTree('/srv/first');
    await host.sh('cp -a /srv/first /srv/second');
    writeFileSync(host.path('/srv/host.yaml'), declaring(`oci:${IMAGES}/tiny`));
    const install = ['install', `oci:${IMAGES}/tiny`, `oci:${IMAGES}/etcd`];
    for (const tree of trees) await succeedBelow(tree, env, ...install);
    const installed = lookAtEqual();
    for (const tree of trees) {
      for (const args of life) await succeedBelow(tree, env, ...args);
      // Another second, and another tick of the clock.
      await host.sh('sleep 1');
    }
    const changed = lookAtEqual();
    // So that nothing was equal because it was not there.
    for (const name of ['etcd.service', 'tiny-link', 'images.json'])
      assert.ok(
        installed.some((path) => path.endsWith(`/${name}`)),
        name,
      );
    for (const name of [
      'history.json',
      'timers.target.wants/berth-update.timer',
      'apply.json',
      '80-berth-etcd.preset',
    ])
      assert.ok(
        changed.some((path) => path.endsWith(`/${name}`)),
        name,
      );
    assert.match(await succeedBelow('/srv/first', env, 'history', 'tiny', '--json'), /2023-11-14T22:13:20/);
  });

  test('is refused a date that is none', async () => {
    const failed = await berthBelow('/srv/first', { SOURCE_DATE_EPOCH: 'now' }, 'list');
    assertFailure(failed, { status: 2, says: /not a time: SOURCE_DATE_EPOCH=now/ });
  });
});

describe('symlinks of a tree', () => {
  const CLIMBING = `../../../../../../../..${OUTSIDE}`;
  /** Of the tree, by what they lead to, and where things are below the tree then. */
  const layouts: Record<string, { links: Record<string, string>; places: string[] }> = {
    'at its top': {
      links: {
        '/etc': `${OUTSIDE}/etc`,
        '/var': `${CLIMBING}/var`,
        '/usr/local': `${OUTSIDE}/local`,
        '/usr/lib/systemd': `${CLIMBING}/systemd`,
      },
      places: ['etc/systemd/system/tiny.service', 'local/bin/tiny', 'var/lib/berth/lock'],
    },
    'below that': {
      links: {
        '/etc/systemd/system': `${OUTSIDE}/units`,
        [`${OUTSIDE}/units/multi-user.target.wants`]: `${CLIMBING}/wants`,
        '/etc/tmpfiles.d': `${CLIMBING}/tmpfiles.d`,
        '/etc/tiny/conf.d': `${OUTSIDE}/conf.d`,
        '/usr/local/bin': `${CLIMBING}/bin`,
        '/var/lib': `${OUTSIDE}/lib`,
        '/etc/berth': `${OUTSIDE}/berth`,
        '/etc/containers': `${CLIMBING}/containers`,
        '/usr/lib/systemd/system': `${OUTSIDE}/vendor-units`,
        [`${OUTSIDE}/berth/berth.yaml`]: `${CLIMBING}/yaml`,
        [`${OUTSIDE}/containers/registries.conf`]: `${OUTSIDE}/registries`,
        [`${OUTSIDE}/lib/berth/store`]: `${OUTSIDE}/store`,
        [`${OUTSIDE}/lib/berth/deployments`]: `${CLIMBING}/deployments`,
        [`${OUTSIDE}/lib/berth/journal`]: `${OUTSIDE}/journal`,
        [`${OUTSIDE}/lib/berth/auto-update`]: `${CLIMBING}/auto-update`,
      },
      places: [
        ...['units/tiny.service', 'wants/tiny.service', 'tmpfiles.d/tiny.conf', 'conf.d/release', 'bin/tiny'],
        ...['lib/berth/lock', 'store/images.json', 'deployments/tiny/current', 'auto-update'],
      ],
    },
  };

  /** What stands outside, in the way of all that would go there, and to be misled by. */
  const DECOYS: Record<string, string> = {
    ...Object.fromEntries(
      ['units', 'vendor-units', 'etc/systemd/system', 'systemd/system', 'wants'].map((directory) => [
        `${directory}/tiny.service`,
        '[Service]\nExecStart=/bin/false\n',
      ]),
    ),
    ...Object.fromEntries(
      ['etc/berth/berth.yaml', 'berth/berth.yaml', 'berth/host.yaml', 'yaml'].map((file) => [
        file,
        'keep: nothing\n',
      ]),
    ),
    ...Object.fromEntries(
      ['etc/containers/registries.conf', 'containers/registries.conf', 'registries'].map((file) => [
        file,
        '] not TOML\n',
      ]),
    ),
    ...Object.fromEntries(
      ['bin/tiny', 'local/bin/tiny', 'conf.d/release', 'tmpfiles.d/tiny.conf'].map((file) => [
        file,
        'decoy\n',
      ]),
    ),
    'deployments/tiny/0/deployment.json': '{}\n',
    'lib/berth/deployments/tiny/0/deployment.json': '{}\n',
    'var/lib/berth/deployments/tiny/0/deployment.json': '{}\n',
    'store/images.json': 'none\n',
    'journal/applying.json': '{}\n',
  };

  const life = [
    ['install', '--dry-run', `oci:${IMAGES}/tiny`],
    ['install', `${REGISTRY}/tiny:1`],
    ...[['list'], ['history', 'tiny'], ['images'], ['graph'], ['inspect', 'tiny']],
    ...[['verify'], ['fsck'], ['recover'], ['tag', `${REGISTRY}/tiny:1`, `${REGISTRY}/tiny:mine`]],
    ['pull', `oci:${IMAGES}/tiny-next`],
    ['update', '--rebase', `oci:${IMAGES}/tiny-next`, 'tiny'],
    ['rollback', 'tiny'],
    ['apply'],
    ['auto-update', 'enable'],
    ['auto-update', 'status'],
    ['verify', '--repair'],
  ];

  before(async () => {
    for (const [file, text] of Object.entries(DECOYS)) {
      mkdirSync(dirname(host.path(`${OUTSIDE}/${file}`)), { recursive: true });
      writeFileSync(host.path(`${OUTSIDE}/${file}`), text);
    }
    // Looking must not be what is seen.
    await host.sh(
      `mkdir /srv/look; mount --bind ${OUTSIDE} /srv/look; mount -o remount,bind,noatime /srv/look`,
    );
  });

  /** All that stands outside, with when it was read, written and changed. */
  async function lookOutside(): Promise<string> {
    return await host.sh(`find /srv/look -printf '%P %y %m %U:%G %s %l %A@ %T@ %C@\n'`);
  }

  /** Nothing outside is changed or read, and nothing of berth's stays elsewhere. */
  async function assertUntouched(untouched: string, what: string): Promise<void> {
    assert.equal(await lookOutside(), untouched, what);
    assert.equal(
      await host.sh('ls -d /tmp/berth-* /var/tmp/* /var/lib/berth/* 2>/dev/null || true'),
      '',
      what,
    );
  }

  test('a look or a change outside would be seen', async () => {
    const untouched = await lookOutside();
    assert.equal(await lookOutside(), untouched);
    await host.sh(`ls ${OUTSIDE}/units`);
    const listed = await lookOutside();
    assert.notEqual(listed, untouched);
    await host.sh(`cat ${OUTSIDE}/bin/tiny`);
    assert.notEqual(await lookOutside(), listed);
  });

  for (const [where, { links, places }] of Object.entries(layouts)) {
    test(`${where} lead to places below it, and to nothing outside`, async () => {
      await makeTree(TREE, links);
      await host.sh(`mkdir -p ${TREE}${OUTSIDE}/{wants,conf.d,berth,etc/berth}`);
      for (const directory of ['berth', 'etc/berth'])
        writeFileSync(host.path(`${TREE}${OUTSIDE}/${directory}/host.yaml`), declaring(`${REGISTRY}/tiny:1`));
      const untouched = await lookOutside();
      for (const args of life) {
        await succeedBelow(TREE, {}, ...args);
        await assertUntouched(untouched, args.join(' '));
      }
      await host.sh(
        places
          .map((place) => `test -e ${TREE}${OUTSIDE}/${place} -o -L ${TREE}${OUTSIDE}/${place}`)
          .join('\n'),
      );
      const [service] = JSON.parse(await succeedBelow(TREE, {}, 'list', '--json'));
      assert.deepEqual([service.service, service.enabled], ['tiny', 'enabled']);
      await succeedBelow(TREE, {}, 'auto-update', 'disable');
      await succeedBelow(TREE, {}, 'uninstall', '--purge', 'tiny');
      await succeedBelow(TREE, {}, 'prune', '--all');
      await assertUntouched(untouched, 'uninstall');
      assert.equal(await host.sh(`find ${TREE} -name '*tiny*' -not -type d`), '');
    });
  }

  const refused: Record<string, { links: Record<string, string>; says: RegExp }> = {
    'with a unit’s own name': {
      links: { '/etc/systemd/system/tiny.service': `${OUTSIDE}/units/tiny.service` },
      says: /cannot install: \/etc\/systemd\/system\/tiny\.service: a file is there/,
    },
    'with a host file’s own name': {
      links: { '/usr/local/bin/tiny': `${OUTSIDE}/bin/new` },
      says: /cannot install: \/usr\/local\/bin\/tiny: a file is there/,
    },
    'inside the store': {
      links: { '/var/lib/berth/store/objects': `${OUTSIDE}/objects` },
      says: /store has a symbolic link: \/srv\/tree\/var\/lib\/berth\/store\/objects/,
    },
    'that go round in circles': {
      links: { '/etc/systemd/system': '/etc/systemd/system' },
      says: /too many symbolic links/,
    },
  };

  for (const [which, { links, says }] of Object.entries(refused)) {
    test(`${which} end an install, and nothing outside is touched`, async () => {
      await makeTree(TREE, links);
      const untouched = await lookOutside();
      assertFailure(await berthBelow(TREE, {}, 'install', `oci:${IMAGES}/tiny`), { status: 1, says });
      await assertUntouched(untouched, which);
    });
  }
});
