import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { parseServiceName } from '../../../src/service-name.ts';
import { OfflineSystemd } from '../../../src/systemd/offline-systemd.ts';
import { runSysusers } from '../../../src/systemd/sysusers.ts';
import { createTmpfiles, removeTmpfiles } from '../../../src/systemd/tmpfiles.ts';

const web = parseServiceName('web');

function otherRoot(files: Record<string, string>): Paths & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'berth-root-'));
  const paths = new Paths(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(paths.locate(file), '..'), { recursive: true });
    writeFileSync(paths.locate(file), text);
  }
  return Object.assign(paths, { [Symbol.dispose]: () => rmSync(root, { recursive: true }) });
}

test('tmpfiles are made and removed below another root', async () => {
  using paths = otherRoot({
    '/etc/tmpfiles.d/web.conf': 'd /var/lib/web 0750 1000 1000 -\nD /run/web 0700 - - -\n',
  });
  await createTmpfiles(paths, paths.installed.tmpfiles(web));
  const { mode, uid } = statSync(paths.locate('/var/lib/web'));
  assert.deepEqual([mode & 0o7777, uid], [0o750, 1000]);
  writeFileSync(paths.locate('/run/web/pid'), '1');
  await removeTmpfiles(paths, paths.installed.tmpfiles(web));
  assert.equal(existsSync(paths.locate('/run/web/pid')), false);
  assert.equal(existsSync(paths.locate('/var/lib/web')), true);
});

test('a broken tmpfiles.d line is an error that shows what systemd-tmpfiles said', async () => {
  using paths = otherRoot({ '/etc/tmpfiles.d/web.conf': 'what /var/lib/web\n' });
  await assert.rejects(createTmpfiles(paths, paths.installed.tmpfiles(web)), {
    code: 'systemd-refused',
    message: /cannot apply \/etc\/tmpfiles\.d\/web\.conf: systemd-tmpfiles: .*web\.conf:1/,
  });
});

test('users are made below another root', async () => {
  using paths = otherRoot({ '/etc/sysusers.d/web.conf': 'u web 4242 "The web" /var/lib/web\n' });
  await runSysusers(paths, paths.installed.sysusers(web));
  assert.match(readFileSync(paths.locate('/etc/passwd'), 'utf8'), /^web:x:4242:/m);
});

test('a unit below another root is enabled and disabled, not started', async () => {
  const unit = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n';
  using paths = otherRoot({ '/etc/systemd/system/web.service': unit });
  const link = paths.unit('multi-user.target.wants/web.service');
  const systemd = new OfflineSystemd(paths);
  await systemd.enable(['web.service']);
  assert.equal(lstatSync(link).isSymbolicLink(), true);
  assert.equal((await systemd.state('web.service')).unitFileState, 'enabled');
  await systemd.disable(['web.service']);
  const { loadState, unitFileState, activeState } = await systemd.state('web.service');
  assert.deepEqual([loadState, unitFileState, activeState], ['loaded', 'disabled', 'inactive']);
  assert.equal((await systemd.state('nope.service')).loadState, 'not-found');
  assert.throws(() => lstatSync(link), { code: 'ENOENT' });
  await assert.rejects(systemd.start('web.service'), {
    code: 'systemd-refused',
    message: /no systemd runs there/,
  });
  await assert.rejects(systemd.enable(['nope.service']), {
    code: 'systemd-refused',
    message: /nope\.service/,
  });
});
