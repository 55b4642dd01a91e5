import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { assertFailure, leavesNothing, succeed } from './attempt.ts';

let host: Host;

before(async () => {
  // In memory, nothing would have devices and setuid anyway.
  host = await Host.boot({ registry: true, storeMiB: 1024 });
  await succeed(host, 'install', 'sleeper');
  await succeed(host, 'pull', 'base');
  await host.sh('mkdir -p /etc/berth/scanners.d');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const ROOTFS = '/var/lib/berth/deployments/sleeper/current/rootfs';

/** open_by_handle_at(2), with which who may read every file leaves any root directory. */
const OPEN_BY_HANDLE = process.arch === 'x64' ? 304 : 265;

async function declare(name: string, scanner: Record<string, unknown>): Promise<void> {
  await host.run('tee', [`/etc/berth/scanners.d/${name}.yaml`], { input: stringify(scanner) });
}

/** A scanner that is a shell script. */
async function declareScript(
  name: string,
  script: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  await declare(name, { description: 'a script', command: ['sh', '-c', script, '{rootfs}'], ...more });
}

async function scanBy(scanner: string, ...names: string[]): Promise<RunResult> {
  return await host.berth('scan', '--scanner', scanner, ...(names.length === 0 ? ['sleeper'] : names));
}

/** What scans could leave behind. */
async function traces(): Promise<string> {
  return await host.sh(`ls /var/lib/berth/runs; systemctl list-units --all --plain --no-legend 'berth-scan-*'
    findmnt --raw --noheadings --output TARGET | grep berth-scan || true`);
}

test('the example finds what is not as its package has it, in services and images, and leaves nothing', async () => {
  await host.sh(`cp ${CHECKOUT}/examples/scanners/debsums.yaml /etc/berth/scanners.d`);
  await leavesNothing(host, async () => {
    const clean = await host.berth('scan', 'sleeper', 'base');
    assert.deepEqual(
      { status: clean.exitCode, stdout: clean.stdout },
      { status: 0, stdout: 'sleeper: debsums: clean\nbase: debsums: clean' },
      clean.combined,
    );
    assert.equal(await traces(), '');
  });

  // The service's file, not the one that the store has.
  await host.sh(`cd ${ROOTFS}/usr/bin; cp -a env new; echo >>new; mv new env; mv id /run/id`);
  const found = await host.berth('scan', 'sleeper');
  assert.equal(found.exitCode, 5, found.combined);
  assert.equal(
    found.stdout,
    `sleeper: debsums: findings
  debsums: changed file /rootfs/usr/bin/env (from coreutils package)
  debsums: missing file /rootfs/usr/bin/id (from coreutils package)`,
  );
  const json = await host.berth('scan', '--json', 'sleeper', 'base');
  assert.equal(json.exitCode, 5);
  const [service, image] = JSON.parse(json.stdout);
  assert.match(service.image, /\/sleeper:latest$/);
  assert.ok(service.seconds > 0);
  assert.deepEqual(
    { ...service, image: '', digest: '', seconds: 0, report: service.report.split('\n').length },
    {
      ...{ service: 'sleeper', image: '', digest: '', scanner: 'debsums' },
      ...{ outcome: 'findings', status: 2, message: null, report: 3, truncated: false, seconds: 0 },
    },
  );
  assert.deepEqual([image.service, image.outcome, image.report], [null, 'clean', '']);

  // No sums are no reason to call it clean.
  await host.sh(`mv ${ROOTFS}/var/lib/dpkg/status /run/status`);
  const without = await host.berth('scan', 'sleeper');
  assert.deepEqual(
    { status: without.exitCode, stdout: without.stdout },
    { status: 1, stdout: 'sleeper: debsums: failed: ended with exit status 9\n  no database of dpkg' },
  );
  await succeed(host, 'verify', '--repair', 'sleeper');
  assert.equal(await traces(), '');
});

test('a scanner reads all of the root file system, and no more than it must', async () => {
  await host.sh(`cd ${ROOTFS}; mkdir -m 700 private; echo own secret >private/file; chmod 600 private/file
    mknod -m 666 null c 1 3; cp usr/bin/id setuid; chmod 4755 setuid
    echo secret of the host >/etc/secret; mkdir -p /srv/database; echo signatures >/srv/database/all; chmod 700 /srv/database`);
  await declareScript(
    'look',
    `exec 2>&1; id -u; cat $0/private/file; $0/setuid -u
     for file in $0/new /usr/new /new /srv/database/new; do touch $file || echo kept; done
     cat /srv/database/all; cat $0/null; cat /etc/secret /etc/shadow; ls /var/lib /home
     curl --silent --max-time 5 http://127.0.0.1:5000/v2/ || echo no network; ls /proc | grep -c '^[0-9]*$'
     kill -0 1 || echo nobody else; perl -e 'syscall(${OPEN_BY_HANDLE}, -1, 0, 0); print "handle: $!\\n"'; echo $HOME '$PATH %n'; exit 1`,
    { reads: ['/srv/database'] },
  );
  const { stdout, exitCode, combined } = await scanBy('look');
  assert.equal(exitCode, 5, combined);
  const lines = stdout.split('\n').map((line) => line.trim());
  assert.deepEqual(lines.slice(0, 4), ['sleeper: look: findings', '65532', 'own secret', '65532']);
  assert.equal(lines.filter((line) => line === 'kept').length, 4);
  assert.match(stdout, /signatures/);
  assert.match(stdout, /cat: \/rootfs\/null: Permission denied/);
  for (const hidden of ['/etc/secret', '/etc/shadow', '/home', '/var/lib']) {
    assert.match(stdout, new RegExp(`'?${hidden}'?: No such file`), hidden);
  }
  assert.match(stdout, /no network/);
  assert.match(stdout, /nobody else/);
  assert.match(stdout, /handle: Operation not permitted/);
  assert.match(stdout, /\/tmp \$PATH %n$/);
  assert.doesNotMatch(stdout, /secret of the host/);

  await declareScript('ask', 'curl --silent --max-time 5 http://127.0.0.1:5000/v2/ && exit 1', {
    network: true,
  });
  assert.equal((await scanBy('ask')).exitCode, 5);
  await host.sh(`cd ${ROOTFS}; rm -r private null setuid; rm -r /srv/database /etc/secret`);
});

test('a report comes from a file where the scanner writes one, and commands no terminal', async () => {
  await declare('file', {
    description: 'writes a file',
    command: [
      'sh',
      '-c',
      `echo noise; printf 'red \\033[31m\\nsleeper: file: clean' >"$1"; exit 3`,
      '{rootfs}',
      '{output}',
    ],
    exit: { clean: [0], findings: [3] },
  });
  const { stdout, exitCode } = await scanBy('file');
  assert.equal(exitCode, 5);
  assert.equal(stdout, 'sleeper: file: findings\n  red \\u001b[31m\n  sleeper: file: clean');
  await declareScript('flood', 'yes; exit 1', { timeLimit: 5 });
  await declareScript('much', 'yes | head -c 9000000; exit 1');
  const json = await host.berth('scan', '--json', '--scanner', 'flood', '--scanner', 'much', 'sleeper');
  const [flood, much] = JSON.parse(json.stdout);
  assert.deepEqual([flood.outcome, flood.truncated, flood.report.length], ['failed', true, 4 << 20]);
  assert.deepEqual([much.outcome, much.truncated, much.report.length], ['findings', true, 4 << 20]);
  assert.equal(await traces(), '');
});

test('a scanner that fails is told from one that finds nothing, and says why', async () => {
  const fails = async (name: string, says: RegExp) => {
    const { exitCode, stdout, combined } = await scanBy(name);
    assert.equal(exitCode, 1, combined);
    assert.match(stdout, new RegExp(`^sleeper: ${name}: failed: `));
    assert.match(stdout, says);
  };
  await declareScript('broken', 'echo no database >&2; exit 7');
  await fails('broken', /failed: ended with exit status 7\n {2}no database$/);
  await declareScript('slow', 'sleep 60', { timeLimit: '1s' });
  await fails('slow', /failed: took longer than its 1 s$/);
  // Who ends well when told to end did not look at everything.
  await declareScript('evasive', 'trap "exit 0" TERM; while :; do sleep 0.1; done', { timeLimit: '1s' });
  await fails('evasive', /failed: took longer/);
  await declareScript('killed', 'kill -SEGV $$');
  await fails('killed', /failed: was ended by SIGSEGV/);
  await declare('absent', {
    description: 'x',
    command: ['no-such-program', '{rootfs}'],
    hint: 'apt-get install it',
  });
  await fails('absent', /failed: no such program: no-such-program: install it: apt-get install it$/);
  await declare('outside', { description: 'x', command: ['/opt/scanner', '{rootfs}'] });
  await host.sh('mkdir -p /opt; cp /bin/true /opt/scanner');
  await fails('outside', /ended with exit status 127/);
  await declare('outside', {
    description: 'x',
    command: ['/opt/scanner', '{rootfs}'],
    reads: ['/opt/scanner'],
  });
  assert.equal((await scanBy('outside')).exitCode, 0);
  // What was found goes before what failed.
  await declareScript('finds', 'exit 1');
  assert.equal(
    (await host.berth('scan', '--scanner', 'broken', '--scanner', 'finds', 'sleeper')).exitCode,
    5,
  );
  assert.equal(await traces(), '');
});

test('scanners of the host go before those of the vendor, and mistakes are told by place', async () => {
  await host.sh(`rm /etc/berth/scanners.d/*; mkdir -p /usr/lib/berth/scanners.d
    for name in hidden shared vendor; do
      printf 'description: of the vendor\\ncommand: ["true", "{rootfs}"]\\n' >/usr/lib/berth/scanners.d/$name.yaml
    done
    printf 'description: of the host\\ncommand: ["true", "{rootfs}"]\\n' >/etc/berth/scanners.d/shared.yaml
    ln -s /dev/null /etc/berth/scanners.d/hidden.yaml`);
  assert.equal(
    (await succeed(host, 'scan', '--list')).stdout,
    `SCANNER  DESCRIPTION    FILE
shared   of the host    /etc/berth/scanners.d/shared.yaml
vendor   of the vendor  /usr/lib/berth/scanners.d/vendor.yaml`,
  );
  const list = JSON.parse((await succeed(host, 'scan', '--list', '--json')).stdout);
  assert.deepEqual(list[0], {
    ...{ name: 'shared', file: '/etc/berth/scanners.d/shared.yaml', description: 'of the host' },
    ...{ command: ['true', '{rootfs}'], exit: { clean: [0], findings: [1] }, reads: [], network: false },
    ...{ timeLimit: 600, memory: 1 << 30, hint: null },
  });
  assertFailure(await scanBy('hidden'), {
    status: 4,
    says: /no such scanner: "hidden"/,
    hint: /berth scan --list/,
  });
  await host.sh(`printf 'description: x\\ncomand: []\\n' >/etc/berth/scanners.d/bad.yaml`);
  const bad = await host.berth('scan', 'sleeper');
  assert.equal(bad.exitCode, 1);
  assert.match(bad.stderr, /bad\.yaml:2:1: unknown key "comand": did you mean command\?/);
  assert.match(bad.stderr, /bad\.yaml:1:1: command is missing/);
  // It is none of the others' business.
  assert.equal((await scanBy('vendor')).exitCode, 0);
  await host.sh('rm /etc/berth/scanners.d/* /usr/lib/berth/scanners.d/*');
  assertFailure(await host.berth('scan', 'sleeper'), {
    status: 4,
    says: /no scanner is declared/,
    hint: /install -D -m 644 -t \/etc\/berth\/scanners\.d .*debsums\.yaml$/m,
  });
  await host.sh(
    "$(berth scan sleeper 2>&1 | sed -n 's/^Hint: //p'); berth scan sleeper; rm /etc/berth/scanners.d/*",
  );
});

test('a scan that is interrupted, or killed, leaves nothing in the end', async () => {
  // Long enough for another scan beside it.
  await declareScript('slow', 'sleep 60', { timeLimit: '12s' });
  await declareScript('quick', 'true');
  const during = async (signal: string) =>
    await host.run('bash', [
      '-c',
      `berth scan --scanner slow sleeper & berth=$!
       until systemctl is-active --quiet 'berth-scan-*'; do sleep 0.1; done
       kill -${signal} $berth; wait $berth`,
    ]);
  assert.equal((await during('INT')).exitCode, 130);
  assert.equal(await traces(), '');
  assert.equal((await during('KILL')).exitCode, 137);
  assert.equal((await scanBy('quick')).exitCode, 0);
  assert.match(await traces(), /berth-scan-.*running/);
  await host.sh(`while systemctl is-active --quiet 'berth-scan-*'; do sleep 0.1; done`);
  assert.equal((await scanBy('quick')).exitCode, 0);
  assert.equal(await traces(), '');
});

test('a scan works where berth has its files behind a symlink, on another file system', async () => {
  await host.sh('mkdir /srv/runs; rmdir /var/lib/berth/runs; ln -s /srv/runs /var/lib/berth/runs');
  assert.equal((await scanBy('quick')).stdout, 'sleeper: quick: clean');
  assert.equal(await traces(), '');
  await host.sh('rm /var/lib/berth/runs; rmdir /srv/runs');
});

test('what cannot be scanned is an error that leads on', async () => {
  assertFailure(await host.berth('scan'), { status: 2, says: /no service or image is named/ });
  assertFailure(await host.berth('scan', 'no-such-image'), { status: 4, says: /no-such-image/ });
  await host.sh('mkdir -p /srv/system/etc/berth; cp -r /etc/berth/scanners.d /srv/system/etc/berth');
  const elsewhere = await host.berth('--root', '/srv/system', 'scan', 'sleeper');
  assertFailure(elsewhere, { status: 2, says: /nothing runs below \/srv\/system/, hint: /leave out --root/ });
  assert.equal(await traces(), '');
});
