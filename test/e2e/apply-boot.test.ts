import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { pushImage } from './push-image.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  for (const version of ['first', 'second']) {
    await pushImage(host, version, {
      from: 'base',
      files: { version },
      config: { Cmd: ['/bin/sh', '-c', "trap 'exit 0' TERM; sleep 10000 & wait"] },
    });
  }
  // The registry is of this host, and starts with it.
  await host.sh(`mkdir -p /etc/berth /etc/systemd/system/berth-apply.service.d
    printf '[Unit]\\nAfter=test-registry.service\\n' >/etc/systemd/system/berth-apply.service.d/50-test.conf`);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

function declare(services: Record<string, Record<string, unknown>>): void {
  writeFileSync(host.path('/etc/berth/host.yaml'), JSON.stringify({ version: 1, services }));
}

async function show(unit: string, property: string): Promise<string> {
  return await host.sh(`systemctl show --value --property ${property} ${unit}`);
}

/** The version that a running service has. */
async function running(name: string): Promise<string> {
  assert.equal(await show(name, 'ActiveState'), 'active');
  return await host.sh(`cat /proc/$(systemctl show --value --property MainPID ${name})/root/version`);
}

async function isUp(): Promise<void> {
  assert.equal(await host.sh('systemctl is-system-running --wait || true'), 'running');
}

test('the first boot installs and starts what is declared', async () => {
  await succeed(host, 'apply', '--enable-boot');
  declare({ web: { image: 'first' }, front: { image: 'first', requires: ['web'] } });
  await host.reboot();
  await isUp();
  assert.equal(await running('web'), 'first');
  assert.equal(await running('front'), 'first');
  const status = await host.sh('journalctl --sync; systemctl status --no-pager berth-apply');
  assert.match(status, /berth-apply\[\d+\]: web: installed from 127\.0\.0\.1:5000\/first:latest/);
  assert.match(status, /berth-apply\[\d+\]: changed: 2$/m);
});

test('a boot with nothing else declared only looks, before the services start', async () => {
  const wants = '/etc/systemd/system/multi-user.target.wants/test-registry.service';
  await host.sh(`rm ${wants}`);
  await host.reboot();
  await host.sh('systemctl is-system-running --wait || true');
  assert.match(await host.journal('berth-apply'), /^nothing else is declared than what was applied$/m);
  assert.equal(await show('test-registry', 'ActiveState'), 'inactive');
  assert.equal(await running('front'), 'first');
  const [applied, started] = [
    await show('berth-apply', 'ActiveEnterTimestampMonotonic'),
    await show('web', 'InactiveExitTimestampMonotonic'),
  ].map(Number);
  assert.ok((applied ?? 0) <= (started ?? 0), `${applied} ${started}`);
  await host.sh(`ln -s ../test-registry.service ${wants}; systemctl start test-registry`);
});

test('a boot with something else declared starts each service once, as it is declared', async () => {
  declare({ web: { image: 'second' }, front: { image: 'first', requires: ['web'], resources: { Nice: 5 } } });
  await host.reboot();
  await isUp();
  assert.equal(await running('web'), 'second');
  assert.equal(await show('front', 'Nice'), '5');
  const journal = await host.journal('web');
  assert.equal(journal.match(/^Started web/gm)?.length, 1, journal);
});

test('applied again while services run that wait for it, it does not wait for them', async () => {
  declare({ web: { image: 'first' }, late: { image: 'second', after: ['web'] } });
  await host.sh('systemctl restart berth-apply');
  await host.sh(
    'until systemctl is-active --quiet late && [ -z "$(systemctl list-jobs --no-legend)" ]; do sleep 0.1; done',
  );
  assert.equal(await running('web'), 'first');
  assert.equal(await running('late'), 'second');
  assert.equal(
    await host.sh('cat /etc/systemd/system/berth-apply.service.d/10-provides.conf'),
    '# Made by berth apply.\n[Unit]\nBefore=late.service web.service',
  );
});

test('what cannot be applied leaves the services as they were, and is tried again', async () => {
  declare({ web: { image: 'none' } });
  await host.reboot();
  await host.sh('systemctl is-system-running --wait || true');
  assert.equal(await show('berth-apply', 'ActiveState'), 'failed');
  assert.match(await host.journal('berth-apply'), /^Error: .*none/m);
  assert.equal(await running('web'), 'first');
  declare({ web: { image: 'second' } });
  await host.sh('systemctl restart berth-apply');
  assert.match(await host.journal('berth-apply'), /^web: updated: image$/m);
});

test('disabled, it leaves nothing; without berth, the services start', async () => {
  await succeed(host, 'apply', '--disable-boot');
  const left = 'ls /etc/systemd/system /etc/systemd/system/*.wants /var/lib/berth | grep apply || true';
  assert.equal(await host.sh(left), 'berth-apply.service.d\napply.json');
  await succeed(host, 'apply', '--enable-boot', '--prune');
  await host.removePrograms();
  await host.reboot();
  await host.sh('systemctl is-system-running --wait || true');
  assert.equal(await running('web'), 'second');
});
