import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

const TREE = '/srv/tree';
const BUILD = ['--root', TREE, '--vendor'];

let host: Host;

/** Pushes a version of the image `web`, which runs, keeps state and has a file for the host. */
async function push(version: string, script = 'true'): Promise<void> {
  await pushImage(host, 'web', {
    from: 'base',
    files: { version, 'exports/hostfs/etc/web/web.conf': version },
    config: {
      Cmd: ['/bin/sh', '-c', `trap 'exit 0' TERM; ${script}; while :; do sleep 0.1; done`],
      Volumes: { '/data': {} },
    },
  });
}

/**
 * Puts what was built in the place of what the operating system had before, as another image of it would, and
 * boots that. /etc stays, and /usr/lib/berth can be written by nobody.
 */
async function bootBuilt(): Promise<void> {
  await host.sh(`umount /usr/lib/berth 2>/dev/null || true
    rm -rf /usr/lib/berth
    cp -a ${TREE}/usr/lib/. /usr/lib/
    mkdir -p /etc/web
    cp --no-clobber ${TREE}/etc/web/web.conf /etc/web/`);
  await host.reboot();
  await host.sh('mount --bind -o ro /usr/lib/berth /usr/lib/berth');
}

const berth = (...args: string[]) => succeed(host, ...args);

/** The version that runs, by its own files, and that of the file for the host. */
async function versions(): Promise<string> {
  return await host.sh(`systemctl is-active --quiet web
    cat /proc/$(systemctl show --value --property MainPID web)/root/version /etc/web/web.conf`);
}

/** What berth has put into /etc for systemd, and the host's own deployments. */
async function overrides(): Promise<string[]> {
  const found = await host.sh(`cd /etc
    find systemd/system tmpfiles.d -path "*/web*" -not -path "*.wants/*" | sort
    cd /var/lib/berth/deployments
    find . -mindepth 2 -maxdepth 2 -name "[0-9]*"`);
  return found.split('\n').filter((line) => line !== '');
}

async function origin(...args: string[]): Promise<string> {
  const services: { service: string; deployment: number; origin: string }[] = JSON.parse(
    (await berth(...args, 'list', '--json')).stdout,
  );
  return services.map(({ service, deployment, origin }) => `${service} ${deployment} ${origin}`).join();
}

async function history(): Promise<string[]> {
  const entries: { number: number; origin: string; state: string }[] = JSON.parse(
    (await berth('history', '--json', 'web')).stdout,
  );
  return entries.map(({ number, origin: from, state }) => `${number} ${from} ${state}`);
}

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh(`mkdir -p ${TREE}/usr/bin ${TREE}/etc
    cp /usr/bin/runc ${TREE}/usr/bin/
    cp -r /etc/containers ${TREE}/etc/`);
  await push('1');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

test('a service is built into /usr, and nothing into /var', async () => {
  // What a person says of other units is a drop-in.
  await berth(...BUILD, 'install', '--after', 'front', 'web');
  assert.equal(await host.sh(`find ${TREE}/var ${TREE}/run -mindepth 1 2>/dev/null || true`), '');
  const unit = await host.sh(`cat ${TREE}/usr/lib/systemd/system/web.service`);
  assert.match(unit, / --bundle \/usr\/lib\/berth\/deployments\/web\/current /);
  assert.doesNotMatch(unit, /\/var\/lib\/berth|\/srv/);
  const preset = `${TREE}/usr/lib/systemd/system-preset/80-berth-web.preset`;
  assert.equal(await host.sh(`cat ${preset}`), 'enable web.service');
  assert.equal(
    await host.sh(`readlink ${TREE}/etc/systemd/system/multi-user.target.wants/web.service`),
    '/usr/lib/systemd/system/web.service',
  );
  // Checkouts have the files of the store, so the store takes no space of its own.
  const links = await host.sh(`find ${TREE}/usr/lib/berth/store/objects -type f -links 1 -size +0 | wc -l`);
  assert.equal(links, '0');
  assert.match((await berth(...BUILD, 'verify')).stderr, /^nothing differs \(services: 1,/m);
  assert.equal(await origin('--root', TREE), 'web 0 vendor');
});

test('another service, an update and an uninstall change what is built', async () => {
  await berth(...BUILD, 'install', '--no-enable', '--name', 'second', 'base');
  assert.equal(await host.sh(`cat ${TREE}/usr/lib/systemd/system-preset/*second*`), 'disable second.service');
  await berth(...BUILD, 'update', '--set', 'UUID=7', 'second');
  assert.equal(await origin(...BUILD), 'second 1 vendor,web 0 vendor');
  await berth(...BUILD, 'rollback', 'second');
  await berth(...BUILD, 'uninstall', 'second');
  assert.equal(await host.sh(`find ${TREE} -name "*second*"`), '');
});

test('where no systemd runs, as in a container that is built, the system itself is changed', async () => {
  // Whether systemd runs is seen by what it keeps in /run.
  const built = (command: string) =>
    host.sh(`unshare --mount sh -euc 'mount -t tmpfs tmpfs /run; ${command}'`);
  const link = '/etc/systemd/system/multi-user.target.wants/second.service';
  await built('berth --vendor install --name second base; berth --vendor verify');
  assert.equal(await host.sh(`readlink --canonicalize ${link}`), '/usr/lib/systemd/system/second.service');
  await built('berth --vendor uninstall second');
  assert.equal(
    await host.sh(`find /etc/systemd /usr/lib/systemd /usr/lib/berth/deployments -name "*second*"`),
    '',
  );
});

test('a first boot without a network, with an empty /var, starts what the preset enables', async () => {
  // The rest of this machine's services is not for a first boot to enable, nor anything to ask a person.
  await host.sh(`systemctl mask --quiet systemd-firstboot
    echo 'disable *' >/usr/lib/systemd/system-preset/81-rest.preset
    rm /etc/machine-id`);
  await bootBuilt();
  assert.equal(await versions(), '11');
  assert.equal(await host.sh('systemctl is-enabled web'), 'enabled');
  assert.match((await berth('list')).stdout, /^web +active \(running\) +enabled .* 0 +vendor$/m);
  assert.match((await berth('status', 'web')).stdout, /^ {2}origin +vendor$/m);
  assert.match((await berth('images')).stdout, /web:latest .* vendor$/m);
  assert.match((await berth('graph')).stdout, /^web\.service {2}active/);
  assert.match((await berth('verify')).stderr, /^nothing differs \(services: 1,/m);
  assert.deepEqual(await history(), ['0 vendor current']);
  await host.sh('echo precious >/var/lib/web/data/file');
  assertFailure(await host.berth('uninstall', 'web'), {
    status: 1,
    says: /cannot uninstall web: it came with the operating system$/m,
    hint: /^Hint: systemctl disable --now web\.service; .*: systemctl mask --now web\.service$/m,
  });
  assertFailure(await host.berth('--vendor', 'list'), { status: 2, says: /--vendor .*: this one runs$/m });
});

test('an update that does not work leaves the vendor’s service running', async () => {
  await push('2', 'sleep 0.3; exit 1');
  assertFailure(await host.berth('update', '--soak', '5', 'web'), {
    status: 1,
    says: /^web is back at deployment 0$/m,
  });
  assert.equal(await versions(), '11');
  assert.deepEqual(await overrides(), []);
  assert.equal(await origin(), 'web 0 vendor');
  assert.match((await berth('verify')).stderr, /^nothing differs/m);
});

test('an update makes a deployment in /var that hides the vendor’s', async () => {
  assert.match(
    (await berth('update', '--all')).stderr,
    /^web: left alone, it comes with the operating system$/m,
  );
  await push('3');
  await berth('update', '--soak', '1', 'web');
  assert.equal(await versions(), '33');
  assert.equal(await origin(), 'web 1 override');
  assert.equal(await host.sh('systemctl is-enabled web'), 'enabled');
  assert.match(
    (await berth('status', 'web')).stdout,
    /^ {2}origin +hides the vendor's deployment 0 \(\w+\)$/m,
  );
  assert.match((await berth('verify')).stderr, /^nothing differs \(services: 1,/m);
  // The vendor's drop-in was copied, not doubled.
  assert.match(await host.sh('systemctl show --property After web'), /front\.service/);
  assert.deepEqual(await history(), ['1 host current', '0 vendor previous']);
  await host.reboot();
  await host.sh('mount --bind -o ro /usr/lib/berth /usr/lib/berth');
  assert.equal(await versions(), '33');
});

test('a rollback goes back to it, and forth again', async () => {
  await berth('rollback', 'web');
  assert.equal(await versions(), '11');
  assert.equal(await origin(), 'web 0 vendor');
  // The directory goes when the host's own deployments do.
  assert.deepEqual(await overrides(), ['systemd/system/web.service.d', './web/1']);
  assert.deepEqual(await history(), ['1 host previous', '0 vendor current']);
  assert.match((await berth('verify')).stderr, /^nothing differs/m);
  await berth('rollback', 'web');
  assert.equal(await versions(), '33');
});

test('a newer image of the operating system leaves an override in place, and says so', async () => {
  await push('4');
  await berth(...BUILD, 'update', 'web');
  await bootBuilt();
  assert.equal(await versions(), '33');
  assert.match(
    (await berth('status', 'web')).stdout,
    /vendor's deployment 1 \(\w+\), which is newer; .* berth uninstall web$/m,
  );
  assert.deepEqual((await history()).slice(-2), ['1 host current', '1 vendor previous']);
});

test('killed at any moment, an uninstall leaves the one or the other', async () => {
  for (const milliseconds of [150, 250, 350, 450, 550, 700, 900, 1200]) {
    await host.run('timeout', ['--signal', 'KILL', `${milliseconds / 1000}`, 'berth', 'uninstall', 'web']);
    await berth('recover');
    const there = await origin();
    assert.equal(await versions(), there === 'web 1 override' ? '33' : '44', `${milliseconds} ms`);
    assert.match((await berth('verify')).stderr, /^nothing differs/m);
    if (there === 'web 1 override') continue;
    assert.deepEqual(await overrides(), []);
    return;
  }
});

test('an uninstall removes the override, and the vendor’s service runs again', async () => {
  await push('5');
  await berth('update', '--soak', '0', 'web');
  assert.equal(await versions(), '55');
  assertFailure(await host.berth('uninstall', '--purge', 'web'), { status: 2, says: /--purge: web: / });
  // One that is the host's own goes by the same command.
  await berth('install', '--name', 'own', 'base');
  const { stderr } = await berth('uninstall', 'own', 'web');
  assert.match(stderr, /^own: uninstalled$/m);
  assert.match(stderr, /^web: back at the vendor's deployment 1$/m);
  assert.equal(await versions(), '44');
  assert.deepEqual(await overrides(), []);
  assert.equal(await host.sh('systemctl is-enabled web; cat /var/lib/web/data/file'), 'enabled\nprecious');
  await host.reboot();
  assert.equal(await versions(), '44');
});

test('instances are all the host’s own, or all the vendor’s', async () => {
  await pushImage(host, 'plain', {
    from: 'base',
    files: { version: '1' },
    config: { Cmd: ['/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.1; done"] },
  });
  const both = ['w@a', 'w@b'];
  await berth(...BUILD, 'install', '--name', 'w', '--instance', 'a', '--instance', 'b', 'plain');
  await bootBuilt();
  // A preset is for the first boot, or for who asks.
  await host.sh(`systemctl preset --quiet ${both.join(' ')}; systemctl start ${both.join(' ')}`);
  const change = ['update', '--soak', '0', '--set', 'UUID=7'];
  const alone = {
    status: 1,
    says: /: w@b: all instances have one unit$/m,
    hint: /in one command: w@a w@b$/m,
  };
  assertFailure(await host.berth(...change, 'w@a'), alone);
  await berth(...change, ...both);
  assert.match(await origin(), /w@a 1 override,w@b 1 override/);
  assertFailure(await host.berth('uninstall', 'w@a'), alone);
  await berth('uninstall', ...both);
  assert.match(await origin(), /w@a 0 vendor,w@b 0 vendor/);
  assert.equal(await host.sh(`systemctl is-active ${both.join(' ')} | uniq`), 'active');
});
