import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import type { DeploymentRecord } from '../../../src/deployment/record.ts';
import { readStatus, type StatusHost } from '../../../src/deployment/status.ts';
import { Paths } from '../../../src/paths.ts';
import { Snapshot } from '../../../src/systemd/snapshot.ts';
import { scratch } from '../layer/scratch.ts';
import { FakeSystemd } from './apply/fake-systemd.ts';

const RECORD = {
  service: 'web',
  number: 0,
  units: ['web.service'],
  image: { name: 'registry.example/web:1', manifestDigest: 'sha256:0' },
} as unknown as DeploymentRecord;

function hostOf(systemd: FakeSystemd, paths: Paths): StatusHost {
  return { paths, systemd: new Snapshot(systemd), interrupted: new Set() };
}

test('a service whose unit is gone has not failed: it says what is missing', async (context) => {
  const paths = new Paths(scratch(context));
  const systemd = new FakeSystemd(paths);
  systemd.change('web.service', { activeState: 'inactive' });
  const { running, why } = await readStatus(RECORD, hostOf(systemd, paths));
  assert.equal(running, false);
  assert.equal(why, 'cannot start: web.service is not there any longer');
});

test('a service that failed says why', async (context) => {
  const paths = new Paths(scratch(context));
  mkdirSync(dirname(paths.unit('web.service')), { recursive: true });
  writeFileSync(paths.unit('web.service'), '[Service]\nExecStart=/bin/web\n');
  const systemd = new FakeSystemd(paths);
  systemd.change('web.service', { activeState: 'failed', subState: 'failed' });
  assert.equal((await readStatus(RECORD, hostOf(systemd, paths))).why, 'failed (exit-code)');
});
