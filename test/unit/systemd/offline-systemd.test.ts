import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
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
