import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { summarizeDeployment } from '../../../../src/deployment/describe-change.ts';
import type { DeploymentRecord } from '../../../../src/deployment/record.ts';
import { Paths } from '../../../../src/paths.ts';
import {
  findStateChange,
  planStates,
  type StateChange,
  withStates,
} from '../../../../src/provision/apply/unit-states.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import type { UnitState } from '../../../../src/systemd/systemd.ts';
import { FakeSystemd } from '../../deployment/apply/fake-systemd.ts';
import { makeRoot } from '../../deployment/apply/scratch-root.ts';

const RUNS = { unitFileState: 'enabled', activeState: 'active' };
const RESTS = { unitFileState: 'disabled', activeState: 'inactive' };

function recordOf(units: string[]): DeploymentRecord {
  const image = { name: 'web', manifestDigest: `sha256:${'0'.repeat(64)}`, labels: {} };
  return { service: parseServiceName('web'), number: 0, units, image } as unknown as DeploymentRecord;
}

/** What is to be done to a service of one unit, or of these, to have it as declared. */
async function found(
  context: TestContext,
  declared: { enabled: boolean; started: boolean },
  states: Record<string, Partial<UnitState>>,
): Promise<StateChange | undefined> {
  const systemd = new FakeSystemd(new Paths(makeRoot(context)));
  for (const [unit, state] of Object.entries(states)) systemd.change(unit, state);
  return await findStateChange(declared, recordOf(Object.keys(states)), systemd);
}

const ON = { enabled: true, started: true };
const OFF = { enabled: false, started: false };

test('what is as it is declared is left alone', async (context) => {
  assert.equal(await found(context, ON, { 'web.service': RUNS }), undefined);
  assert.equal(await found(context, OFF, { 'web.service': RESTS }), undefined);
  assert.equal(await found(context, ON, {}), undefined);
});

test('what rests or failed is enabled and started', async (context) => {
  const change = await found(context, ON, { 'web.service': { ...RESTS, activeState: 'failed' } });
  assert.deepEqual([change?.enable, change?.start], ['web.service', 'web.service']);
});

test('of a service with sockets these are enabled and started, and all of it is stopped', async (context) => {
  const on = await found(context, ON, { 'web.service': RESTS, 'web.socket': RESTS });
  assert.deepEqual([on?.enable, on?.start], ['web.socket', 'web.socket']);
  const off = await found(context, OFF, { 'web.service': RUNS, 'web.socket': RUNS });
  assert.deepEqual(off?.disable, ['web.service', 'web.socket']);
  assert.deepEqual(
    planStates(off === undefined ? [] : [off])?.steps.map((step) =>
      step.kind === 'stop' ? `stop ${step.unit}` : step.kind,
    ),
    ['stop web.socket', 'stop web.service', 'reload', 'disable', 'reload'],
  );
});

test('one that did its work and ended has been started, unless it failed or was never run', async (context) => {
  const monotonic = { inactiveExit: 1, activeEnter: 0, activeExit: 0, inactiveEnter: 2 };
  const done = { type: 'oneshot', result: 'success', unitFileState: 'enabled', activeState: 'inactive' };
  assert.equal(await found(context, ON, { 'web.service': { ...done, monotonic } }), undefined);
  const never = { ...monotonic, inactiveExit: 0 };
  for (const state of [
    { ...done, monotonic: never },
    { ...done, monotonic, result: 'exit-code' },
  ]) {
    assert.equal((await found(context, ON, { 'web.service': state }))?.start, 'web.service');
  }
});

test('what is about to start need not be started', async (context) => {
  const queued = { ...RUNS, activeState: 'inactive', hasJob: true };
  assert.equal(await found(context, ON, { 'web.service': queued }), undefined);
});

test('what cannot be enabled, or a person masked, is no reason to change it', async (context) => {
  for (const unitFileState of ['static', 'masked', 'enabled-runtime']) {
    assert.equal(await found(context, ON, { 'web.service': { ...RUNS, unitFileState } }), undefined);
  }
});

test('only of a service that is as declared else, the states are what changed', () => {
  const record = recordOf(['web.service']);
  const summary = summarizeDeployment(record);
  const outcome = { service: record.service, from: summary, to: summary, reasons: [] };
  const change = { record, enable: undefined, disable: [], start: 'web.service', stop: [] };
  const said = (action: 'unchanged' | 'update', states: Partial<StateChange>) => {
    const { action: now, reasons } = withStates({ ...outcome, action }, { ...change, ...states });
    return [now, ...reasons];
  };
  assert.deepEqual(said('unchanged', {}), ['start', 'started']);
  assert.deepEqual(said('unchanged', { start: undefined, stop: ['web.service'] }), ['stop', 'started']);
  assert.deepEqual(said('unchanged', { enable: 'web.service' }), ['reconfigure', 'enabled', 'started']);
  assert.deepEqual(said('update', {}), ['update']);
});
