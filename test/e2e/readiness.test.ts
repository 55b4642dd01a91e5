import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Host } from '../host/host.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
afterEach(async () => {
  if (programsRemoved) return;
  await host.sh(
    `systemctl stop after.service 2>/dev/null || true
     rm -rf /etc/systemd/system/after.service /etc/berth; systemctl daemon-reload`,
  );
  const installed = await host.sh('ls /var/lib/berth/deployments 2>/dev/null || true');
  if (installed !== '') {
    const { exitCode, combined } = await host.berth('uninstall', ...installed.split('\n'));
    assert.equal(exitCode, 0, combined);
  }
  await host.sh(
    'rm -rf /var/lib/svc /etc/systemd/system/svc.service.d; systemctl daemon-reload; systemctl reset-failed',
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

let programsRemoved = false;

const DEPENDENT = `[Unit]
Requires=svc.service
After=svc.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
`;

/** Installs an image as `svc`, with what its service is to do, and with a unit that waits for it. */
async function install(image: string, play: string, ...options: string[]): Promise<void> {
  const { exitCode, combined } = await host.berth('install', '--name', 'svc', ...options, image);
  assert.equal(exitCode, 0, combined);
  await write('/var/lib/svc/state/play.pl', `${play}\n1;\n`);
  await write('/etc/systemd/system/after.service', DEPENDENT);
  await host.sh('systemctl daemon-reload');
}

/** A drop-in that goes after those of berth, as a person would write it. */
async function override(...lines: string[]): Promise<void> {
  await write('/etc/systemd/system/svc.service.d/90-mine.conf', `[Service]\n${lines.join('\n')}\n`);
  await host.sh('systemctl daemon-reload');
}

async function write(path: string, text: string): Promise<void> {
  await host.sh(`mkdir -p "$(dirname '${path}')"; cat >'${path}'`, { input: text });
}

async function show(property: string, unit = 'svc'): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

async function until(property: string, value: string, unit = 'svc'): Promise<void> {
  const script = `for try in $(seq 600); do
      [ "$(systemctl show --value --property ${property} ${unit})" != "${value}" ] || exit 0; sleep 0.1
    done
    systemctl status --no-pager ${unit}; journalctl --no-pager -u ${unit}; exit 1`;
  const { exitCode, combined } = await host.run('bash', ['-c', script]);
  assert.equal(exitCode, 0, `${unit}: ${property} never was ${value}\n${combined}`);
}

const startInBackground = (unit: string) => host.sh(`systemctl start --no-block ${unit}`);
const touch = (file: string) => host.sh(`touch /var/lib/svc/state/${file}`);
const runtimes = () => host.sh('pgrep -c "runc|crun" || true');

test('READY from inside lets dependents start, STATUS is shown, the container’s process is the main one', async () => {
  await install(
    'ready-notify',
    'note("STATUS=warming up"); await("/state/go"); note("READY=1\\nSTATUS=serving");',
  );
  await startInBackground('after');
  await until('StatusText', 'warming up');
  assert.equal(await show('ActiveState'), 'activating');
  assert.equal(await show('ActiveState', 'after'), 'inactive');
  await touch('go');
  await until('ActiveState', 'active', 'after');
  assert.equal(await show('ActiveState'), 'active');
  assert.match(await host.sh('systemctl status --no-pager svc'), /Status: "serving"/);
  const pid = await show('MainPID');
  assert.match(await host.sh(`tr '\\0' ' ' </proc/${pid}/cmdline`), /play/);
  assert.match(await host.sh(`cat /proc/${pid}/cgroup`), /^0::\/system\.slice\/svc\.service\/payload$/m);
  assert.equal(await runtimes(), '0');
  await host.sh('systemctl stop svc');
  assert.match(await host.journal('svc'), /^bye$/m);
  assert.equal(await show('Result'), 'success');
  assert.equal(await host.sh('ls -d /run/runc/* /run/container-svc.pid 2>/dev/null || true'), '');
});

test('a service that ends before it is ready fails with the status of its own process', async () => {
  await install('ready-notify', 'print "no disk\\n"; exit 3;');
  await override('Restart=no');
  assert.equal((await host.run('systemctl', ['start', 'svc'])).exitCode, 1);
  assert.deepEqual([await show('Result'), await show('ExecMainStatus')], ['exit-code', '3']);
  assert.match(await host.journal('svc'), /^no disk$/m);
});

test('a service that notifies may ask for more time, and fails without a trace when it takes too long', async () => {
  await install(
    'ready-notify',
    'note("EXTEND_TIMEOUT_USEC=20000000") if -e "/state/slow"; await("/state/go"); note("READY=1");',
  );
  await override('Restart=no', 'TimeoutStartSec=6');
  assert.equal((await host.run('systemctl', ['start', 'svc'])).exitCode, 1);
  assert.equal(await show('Result'), 'timeout');
  assert.equal(await host.sh('ls -d /run/runc/* 2>/dev/null || true'), '');
  await touch('slow');
  await startInBackground('svc');
  await host.sh('sleep 7');
  assert.equal(await show('ActiveState'), 'activating');
  await touch('go');
  await until('ActiveState', 'active');
});

test('the watchdog kills a service that hangs, and it comes back', async () => {
  const alive = 'note("WATCHDOG=1"); select(undef, undef, undef, 0.2);';
  await install(
    'ready-notify',
    `note("READY=1"); print "watched $ENV{WATCHDOG_USEC}\\n";
     if (-e "/state/hung") { while (1) { ${alive} } }
     for (1 .. 8) { ${alive} }
     open(my $file, ">", "/state/hung");`,
    '--set',
    'WATCHDOG=2s',
  );
  assert.equal(await show('TimeoutAbortUSec'), '10s');
  await override('TimeoutAbortSec=1');
  await host.sh('systemctl start svc');
  await until('NRestarts', '1');
  await until('ActiveState', 'active');
  await host.sh('sleep 1.5');
  assert.deepEqual([await show('ActiveState'), await show('NRestarts')], ['active', '1']);
  const journal = await host.journal('svc');
  assert.match(journal, /Watchdog timeout/);
  assert.match(journal, /^watched 2000000$/m);
});

test('RELOADING keeps what waits for the service waiting', async () => {
  await install(
    'ready-notify',
    '$SIG{HUP} = sub { note("RELOADING=1"); await("/state/go"); note("READY=1") }; note("READY=1");',
  );
  await host.sh('systemctl start svc; kill -HUP $(systemctl show --value -p MainPID svc)');
  await until('ActiveState', 'reloading');
  await touch('go');
  await until('ActiveState', 'active');
});

test('MAINPID names another process of a container that has the host’s process IDs', async () => {
  await install('ready-notify', 'my $pid = fork; sleep 1 while !$pid; note("MAINPID=$pid\\nREADY=1");');
  await host.sh(
    `python3 -c 'import json
file = "/var/lib/berth/deployments/svc/0/config.json"
config = json.load(open(file))
config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]
json.dump(config, open(file, "w"))'`,
  );
  await host.sh('systemctl start svc');
  const pid = await show('MainPID');
  const parent = await host.sh(`awk '/^PPid/ { print $2 }' /proc/${pid}/status`);
  assert.match(await host.sh(`tr '\\0' ' ' </proc/${parent}/cmdline`), /play/);
  await host.sh('systemctl stop svc');
  assert.equal(await host.sh('pgrep -fc usr/local/bin/[p]lay || true'), '0');
});

test('an image without a unit may notify as a user without rights, who cannot have others killed', async () => {
  await host.sh('systemd-run --quiet --unit victim sleep 1000');
  const victim = await show('MainPID', 'victim');
  await install('ready-label', `await("/state/go"); note("MAINPID=${victim}"); note("READY=1\\nSTATUS=up");`);
  await startInBackground('after');
  await host.sh('sleep 0.5');
  assert.deepEqual([await show('ActiveState'), await show('Type')], ['activating', 'notify']);
  await touch('go');
  await until('ActiveState', 'active', 'after');
  assert.equal(await show('StatusText'), 'up');
  assert.notEqual(await show('MainPID'), victim);
  await host.sh(`systemctl stop svc; kill -0 ${victim}; systemctl stop victim`);
});

test('a Healthcheck lets dependents start when it answers, however long that takes', async () => {
  await install('ready-check', '');
  await override('TimeoutStartSec=5');
  await startInBackground('after');
  await until('StatusText', 'waiting until ready: /bin/sh -c cat /state/answer');
  await host.sh('sleep 6');
  assert.deepEqual([await show('SubState'), await show('ActiveState', 'after')], ['start-post', 'inactive']);
  await touch('answer');
  await until('ActiveState', 'active', 'after');
  assert.deepEqual([await show('ActiveState'), await show('StatusText')], ['active', '']);
  assert.equal(await runtimes(), '0');
});

test('a service whose Healthcheck never answers fails at the limit, and leaves nothing', async () => {
  await write('/etc/berth/berth.yaml', 'readiness: {limit: 5}\n');
  const { exitCode, stderr } = await host.berth('install', '--name', 'svc', '--now', 'ready-check');
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, /^Error: cannot start: svc\.service: .*ExecStartPost \/bin\/sh: exit status 1/m);
  assert.match(
    stderr,
    /No such file or directory\n(?:.*\n)*? *svc: not ready after 5 s: exit status 1: \/bin\/sh -c cat/,
  );
  const left = 'ls -d /etc/systemd/system/svc* /var/lib/berth/deployments/svc /run/runc/* /run/berth/svc';
  assert.equal(await host.sh(`${left} /sys/fs/cgroup/system.slice/svc.service 2>/dev/null || true`), '');
});

test('a container that ends while it is waited for ends the start at once', async () => {
  await install('ready-check', 'sleep 1; print "out of memory\\n"; exit 4;');
  await override('Restart=no');
  assert.equal((await host.run('systemctl', ['start', 'svc'])).exitCode, 1);
  assert.match(await host.journal('svc'), /^svc: ended before it was ready$/m);
  assert.equal(await host.sh('ls -d /run/runc/* 2>/dev/null || true'), '');
});

test('at a boot without berth, services become ready as they did', async () => {
  await install('ready-notify', 'sleep 1; note("READY=1\\nSTATUS=serving");');
  const { exitCode, combined } = await host.berth('install', '--name', 'checked', 'ready-check');
  assert.equal(exitCode, 0, combined);
  await host.sh('mkdir -p /var/lib/checked/state; touch /var/lib/checked/state/answer');
  programsRemoved = true;
  await host.removePrograms();
  await host.reboot();
  assert.deepEqual([await show('ActiveState'), await show('StatusText')], ['active', 'serving']);
  assert.equal(await show('ActiveState', 'checked'), 'active');
  assert.match(await show('ExecStartPost', 'checked'), /status=0/);
});
