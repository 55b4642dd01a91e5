import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { stateOfHost } from './state-of-host.ts';

const UNITS = '/etc/systemd/system';

let host: Host;
let pristine: string[];

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh('mkdir -p /var/www/html; echo "<h1>from the host</h1>" >/var/www/html/index.html');
  pristine = await stateOfHost(host);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

async function show(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

async function answers(port: number): Promise<void> {
  const retry = '--retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 60';
  assert.match(await host.sh(`curl --silent --fail ${retry} http://127.0.0.1:${port}/`), /from the host/);
}

async function filesOf(name: string): Promise<string[]> {
  const text = await host.sh(
    `cd ${UNITS}; find . -name '${name}*' -not -type d -o -path './${name}*' -type f | sort -u`,
  );
  return text.split('\n').map((file) => file.slice(2));
}

test('two instances of one image run beside each other, each by its values', async () => {
  const { stderr } = await berth(
    ...['install', '--now', '--name', 'web', '--instance', 'a', '--instance', 'b'],
    ...['--set', 'PORT=8080', '--set', 'b:PORT=8081', 'httpd'],
  );
  assert.equal(stderr.match(/^pulling /gm)?.length, 1);
  assert.match(stderr, /^started web@a\.service.*\nstarted web@b\.service/m);
  await answers(8080);
  await answers(8081);
  const list = (await berth('list')).stdout;
  for (const name of ['web@a', 'web@b'])
    assert.match(list, new RegExp(`^${name} +active \\(running\\) +enabled `, 'm'));
});

test('they share one template; what differs is in a drop-in of one', async () => {
  assert.equal(await show('web@a.service', 'FragmentPath'), `${UNITS}/web@.service`);
  assert.equal(await show('web@b.service', 'FragmentPath'), `${UNITS}/web@.service`);
  assert.doesNotMatch(await host.sh(`cat ${UNITS}/web@.service`), /web[@+][ab]/);
  assert.equal(await show('web@a.service', 'Description'), 'Apache HTTP server on port 8080');
  assert.equal(await show('web@b.service', 'Description'), 'Apache HTTP server on port 8081');
  assert.equal(
    await host.sh(`cat ${UNITS}/web@b.service.d/05-berth.conf`),
    '[Unit]\nDescription=Apache HTTP server on port 8081',
  );
  assert.equal((await host.run('test', ['-e', `${UNITS}/web@a.service.d/05-berth.conf`])).exitCode, 1);
});

test('each has its own cgroup, container and log', async () => {
  for (const instance of ['a', 'b']) {
    const main = await show(`web@${instance}.service`, 'MainPID');
    const group = await host.sh(`cat /proc/${main}/cgroup`);
    assert.match(
      group,
      new RegExp(`/system\\.slice/system-web\\.slice/web@${instance}\\.service/payload$`, 'm'),
    );
    assert.match(await host.sh('runc list --quiet'), new RegExp(`^web\\+${instance}$`, 'm'));
    assert.match(await host.journal(`web@${instance}.service`), /configured -- resuming normal operations/);
  }
});

test('an instance without values of its own differs in nothing', async () => {
  await berth('install', '--now', '--name', 'job', '--instance', 'x', '--instance', 'y.1', 'sleeper');
  assert.deepEqual(await filesOf('job@'), [
    ...['job@.service', 'multi-user.target.wants/job@x.service', 'multi-user.target.wants/job@y.1.service'],
  ]);
  assert.equal(await show('job@y.1.service', 'ActiveState'), 'active');
  assert.equal(await host.sh('ls /run/berth'), 'job@x\njob@y.1');
});

test('a reboot brings all instances, without berth', async () => {
  await host.reboot();
  for (const unit of ['web@a', 'web@b', 'job@x', 'job@y.1']) {
    assert.equal(await show(`${unit}.service`, 'ActiveState'), 'active', unit);
  }
  await answers(8080);
  await answers(8081);
});

test('one more comes later, whatever a person has made of the template', async () => {
  await host.sh(`echo '# mine' >>${UNITS}/web@.service`);
  await berth('install', '--now', '--name', 'web', '--instance', 'c', '--set', 'c:PORT=8082', 'httpd');
  await answers(8082);
  assert.equal(await show('web@c.service', 'Description'), 'Apache HTTP server on port 8082');
  assert.match(
    (await berth('install', '--name', 'web', '--instance', 'c', 'httpd')).stderr,
    /^web@c: already installed/m,
  );
});

test('an instance that is uninstalled leaves the others, and the template', async () => {
  await berth('uninstall', 'web@a');
  await answers(8081);
  assert.equal(await show('web@a.service', 'ActiveState'), 'inactive');
  assert.deepEqual(
    (await filesOf('web@')).filter((file) => file.includes('web@a')),
    [],
  );
  await host.sh('systemctl restart web@b.service');
  await answers(8081);
});

test('the last ones take the template with them, and nothing is left', async () => {
  await host.sh(`sed -i '/^# mine$/d' ${UNITS}/web@.service`);
  await berth('uninstall', 'web@b', 'web@c');
  await berth('uninstall', 'job@x');
  await berth('uninstall', 'job@y.1');
  // What was pulled is still listed, every boot has mounts of its own in /proc, and systemd keeps the empty
  // slice of a template's instances until the next boot.
  const known = new Set(pristine);
  const added = (await stateOfHost(host)).filter((line) => !known.has(line));
  assert.deepEqual(
    added.filter((line) => !/^image|^mount \/proc\/|^cgroup .*\/system-[a-z]+\.slice$/.test(line)),
    [],
  );
});

const REFUSED: [string, string[], RegExp][] = [
  [
    'a value for an instance that is not asked for',
    ['--instance', 'a', '--set', 'b:PORT=1', 'httpd'],
    /--set b:PORT=1/,
  ],
  ['instances of two images', ['--instance', 'a', 'httpd', 'sleeper'], /--instance is for one image/],
  ['an instance of an instance', ['--name', 'web@a', '--instance', 'b', 'httpd'], /--name web@a/],
  ['an instance that no unit could be called', ['--instance', 'a/b', 'httpd'], /not a service name/],
  ['one instance twice', ['--instance', 'a', '--instance', 'a', 'httpd'], /httpd@a/],
];

for (const [what, args, message] of REFUSED) {
  test(`${what} cannot be asked for`, async () => {
    const { exitCode, stderr } = await host.berth('install', ...args);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, message);
  });
}

test('an image with a socket of its own has no instances', async () => {
  const { exitCode, stderr } = await host.berth('install', '--instance', 'a', 'listener-shipped');
  assert.equal(exitCode, 2);
  assert.match(stderr, /sockets are not for instances/);
});
