import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planInstall, type StagedDeployment } from '../../../../src/deployment/plan/plan-install.ts';
import { planUninstall } from '../../../../src/deployment/plan/plan-uninstall.ts';
import { type DeploymentRecord, mainUnit } from '../../../../src/deployment/record.ts';
import { Paths } from '../../../../src/paths.ts';
import { scratch } from '../../layer/scratch.ts';

const UNITS = ['web.service', 'web-proxy.service', 'web.socket'];
const RECORD = {
  service: 'web',
  number: 0,
  units: UNITS,
  enabled: true,
  files: [],
  directories: [],
  beside: [],
} as unknown as DeploymentRecord;

test('a service with sockets is enabled and started by them', (context) => {
  const staged = {
    record: RECORD,
    directory: '/staging/web',
    files: [],
    absent: [],
  } as unknown as StagedDeployment;
  const { steps } = planInstall([staged], new Paths(scratch(context)), { now: true });
  assert.deepEqual(steps.slice(4), [
    { kind: 'enable', units: ['web.socket'] },
    { kind: 'reload', on: 'run' },
    { kind: 'start', unit: 'web.socket', others: ['web.service', 'web-proxy.service'] },
  ]);
  assert.equal(mainUnit({ units: ['web.service'] }), 'web.service');
  assert.equal(mainUnit({ units: [] }), undefined);
});

test('sockets stop before the service, and come back as they were', (context) => {
  const leaving = {
    record: RECORD,
    active: ['web.socket'],
    enabled: ['web.socket'],
    shared: [],
    purged: null,
  };
  const { steps } = planUninstall([leaving], new Paths(scratch(context)), []);
  assert.deepEqual(steps.slice(0, 5), [
    { kind: 'stop', unit: 'web.socket', active: true },
    { kind: 'stop', unit: 'web-proxy.service', active: false },
    { kind: 'stop', unit: 'web.service', active: false },
    { kind: 'reload', on: 'undo' },
    { kind: 'disable', units: UNITS, enabled: ['web.socket'] },
  ]);
});
