import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { repairServices } from '../../../../src/deployment/verify/repair-services.ts';
import { BerthError } from '../../../../src/errors.ts';
import { FakeSystemd } from '../apply/fake-systemd.ts';
import { Installed, WEB } from './installed.ts';

class FakeAbsentSystemd extends FakeSystemd {
  override async needsReload(): Promise<boolean> {
    throw new BerthError('systemd-unreachable', 'cannot reach systemd');
  }
}

async function repairing(context: TestContext) {
  const host = await Installed.web(context);
  const { paths, store } = host;
  const systemd = new FakeAbsentSystemd(paths);
  const { signal } = new AbortController();
  const what = {
    paths,
    store,
    signal,
    services: [WEB],
    images: false,
    force: false,
    kept: () => {},
    systemd,
  };
  return { host, repair: () => repairServices(what, host.host()) };
}

describe('a repair where systemd cannot be reached', () => {
  it('says so where nothing differs, and does not fail', async (context) => {
    const { host, repair } = await repairing(context);
    assert.deepEqual((await repair()).after.differences, []);
    assert.match(host.warnings.join(), /cannot tell whether systemd has read all units: cannot reach/);
  });
  it('fails where something differed, because systemd would not know, and has put it back', async (context) => {
    const { host, repair } = await repairing(context);
    rmSync(host.inside('etc/passwd'));
    await assert.rejects(repair, { code: 'systemd-unreachable' });
    assert.deepEqual(await host.look(), []);
  });
});
