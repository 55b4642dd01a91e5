import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeFifo } from '../../../src/linux/node.ts';
import { Paths } from '../../../src/paths.ts';
import { OfflineSystemd } from '../../../src/systemd/offline-systemd.ts';

const UNIT = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n';

let root: string;
let systemd: OfflineSystemd;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-'));
  systemd = new OfflineSystemd(new Paths(root));
  await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

async function writeUnit(name: string): Promise<void> {
  await writeFile(join(root, 'etc/systemd/system', name), UNIT);
}

async function summarize(...units: string[]): Promise<string[][]> {
  const found = await systemd.summaries(units);
  return found.map(({ name, loadState, unitFileState }) => [name, loadState, unitFileState]);
}

describe('summaries of units below another root', () => {
  it('tell of each unit whether it is there and enabled, in the order asked for', async () => {
    for (const name of ['on.service', 'off.service', 'of@.service']) await writeUnit(name);
    await systemd.enable(['on.service', 'of@one.service']);
    assert.deepEqual(await summarize('off.service', 'none.service', 'of@one.service', 'on.service'), [
      ['off.service', 'loaded', 'disabled'],
      ['none.service', 'not-found', ''],
      ['of@one.service', 'loaded', 'enabled'],
      ['on.service', 'loaded', 'enabled'],
    ]);
  });
  it('tell where the file of a unit is, as that system names it', async () => {
    await mkdir(join(root, 'usr/lib/systemd/system'), { recursive: true });
    await writeFile(join(root, 'usr/lib/systemd/system/vendor.service'), UNIT);
    await writeUnit('own.service');
    const places = (await systemd.summaries(['vendor.service', 'own.service', 'none.service'])).map(
      ({ fragmentPath }) => fragmentPath,
    );
    const expected = ['/usr/lib/systemd/system/vendor.service', '/etc/systemd/system/own.service', ''];
    assert.deepEqual(places, expected);
  });
  it('wait for no pipe where the file of a unit should be', async () => {
    makeFifo(join(root, 'etc/systemd/system/pipe.service'), 0o600);
    const [unit] = await systemd.links(['pipe.service']);
    assert.deepEqual([unit?.name, unit?.links], ['pipe.service', []]);
  });
  it('tell of the others where systemctl cannot tell of one', async () => {
    for (const name of ['first.service', 'last.service']) await writeUnit(name);
    // To berth a link to nowhere is a unit, as a link to /dev/null is; to systemctl it is not.
    await symlink('/nowhere/broken.service', join(root, 'etc/systemd/system/broken.service'));
    const enabled = (await summarize('first.service', 'broken.service', 'last.service')).map(
      ([name, , state]) => [name, state],
    );
    assert.deepEqual(enabled[0], ['first.service', 'disabled']);
    assert.deepEqual(enabled[2], ['last.service', 'disabled']);
  });
});

describe('enabling below another root', () => {
  const ALIASED = `${UNIT}RequiredBy=x.target\nAlias=dbus-web.service\nAlso=web.socket\n`;

  async function writeWeb(): Promise<void> {
    const units = join(root, 'etc/systemd/system');
    await writeFile(join(units, 'web.service'), ALIASED);
    await writeFile(
      join(units, 'web.socket'),
      '[Socket]\nListenStream=80\n[Install]\nWantedBy=sockets.target\n',
    );
    await mkdir(join(units, 'web.service.d'));
    await writeFile(join(units, 'web.service.d/more.conf'), '[Install]\nWantedBy=more.target\n');
  }

  /** All below a directory, symlinks with what they lead to. */
  async function listTree(directory: string): Promise<string[]> {
    const names = (await readdir(directory, { recursive: true })).sort();
    return await Promise.all(
      names.map(async (name) => `${name} ${await readlink(join(directory, name)).catch(() => '')}`),
    );
  }

  it('makes the symlinks that systemctl makes, and takes them away', async () => {
    await writeWeb();
    const twin = await mkdtemp(join(tmpdir(), 'berth-'));
    await cp(root, twin, { recursive: true });
    const before = await listTree(root);
    await systemd.enable(['web.service']);
    execFileSync('systemctl', [`--root=${twin}`, '--quiet', 'enable', 'web.service'], { stdio: 'ignore' });
    const enabled = await listTree(root);
    assert.deepEqual(enabled, await listTree(twin));
    assert.equal(enabled.length, before.length + 9);
    await rm(twin, { recursive: true });
    await systemd.disable(['web.service', 'web.socket']);
    assert.deepEqual(await listTree(root), before);
  });

  it('follows the symlinks on its way inside that root', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'berth-outside-'));
    await rm(join(root, 'etc/systemd/system'), { recursive: true });
    await symlink(outside, join(root, 'etc/systemd/system'));
    await mkdir(join(root, outside), { recursive: true });
    await symlink('../../../../../../../wanted', join(root, outside, 'multi-user.target.wants'));
    await mkdir(join(root, 'wanted'));
    await writeFile(join(root, outside, 'web.service'), UNIT);
    await systemd.enable(['web.service']);
    assert.deepEqual(await readdir(outside), []);
    assert.equal(await readlink(join(root, 'wanted/web.service')), '/etc/systemd/system/web.service');
    assert.deepEqual(await summarize('web.service'), [['web.service', 'loaded', 'enabled']]);
    await systemd.disable(['web.service']);
    assert.deepEqual(await summarize('web.service'), [['web.service', 'loaded', 'disabled']]);
    await rm(outside, { recursive: true });
  });

  it('leaves symlinks alone that go round in circles', async () => {
    await writeUnit('web.service');
    await symlink('circle.target.wants', join(root, 'etc/systemd/system/circle.target.wants'));
    await systemd.enable(['web.service']);
    assert.deepEqual(await summarize('web.service'), [['web.service', 'loaded', 'enabled']]);
  });
});
