import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  planUpdate,
  type ServiceUpdate,
  type UpdateUnits,
} from '../../../../src/deployment/plan/plan-update.ts';
import { findUpdateUnits } from '../../../../src/deployment/plan/update-units.ts';
import type { DeploymentRecord } from '../../../../src/deployment/record.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { UnitGraph } from '../../../../src/systemd/unit-graph.ts';
import { makeLinks } from '../../../../src/systemd/unit-links.ts';
import { scratch } from '../../layer/scratch.ts';
import { FakeSystemd } from '../apply/fake-systemd.ts';

const EVENT = { at: '2026-01-01T00:00:00Z', what: 'update', number: 2 } as const;
const OPTIONS = { title: 'update web', soak: 10, keepStarted: false };
const NO_FILES = { steps: [], changes: [] };
const NO_UNITS: UpdateUnits = { restart: [], dependents: [], running: [] };

function deployment(number: number, units: string[], files: string[] = []): DeploymentRecord {
  const service = parseServiceName('web');
  const recorded = files.map((path) => ({ path, type: 'file' }));
  return { service, number, units, files: recorded, beside: [] } as unknown as DeploymentRecord;
}

function update(more: Partial<ServiceUpdate> = {}): ServiceUpdate {
  return {
    before: deployment(1, ['web.service']),
    after: deployment(2, ['web.service'], ['/etc/tmpfiles.d/web.conf']),
    directories: [],
    staged: '/staging/web',
    tag: null,
    absent: ['/var/lib/web'],
    event: EVENT,
    refused: null,
    active: ['web.service'],
    enabled: ['web.service'],
    enablesOtherwise: false,
    health: [],
    drop: [0],
    retire: false,
    ...more,
  };
}

test('the plan of an update is data: all in place first, then one restart, and the undo in between', (context) => {
  const units = {
    restart: ['web.service'],
    dependents: ['front.service'],
    running: ['web.service', 'front.service'],
  };
  const plan = planUpdate([update()], NO_FILES, units, new Paths(scratch(context)), OPTIONS);
  assert.deepEqual(plan, {
    title: 'update web',
    interrupted: 'undo',
    steps: [
      { kind: 'resume', units: ['web.service', 'front.service'] },
      { kind: 'reload', on: 'undo' },
      { kind: 'deployment', service: 'web', number: 2, staged: '/staging/web' },
      { kind: 'current', service: 'web', number: 2, previous: 1 },
      { kind: 'history', service: 'web', event: EVENT, refused: null },
      { kind: 'tmpfiles', path: '/etc/tmpfiles.d/web.conf', absent: ['/var/lib/web'] },
      { kind: 'reload', on: 'run' },
      { kind: 'restart', units: ['web.service'], dependents: ['front.service'] },
      { kind: 'watch', units: ['web.service', 'front.service'], seconds: 10, health: [] },
      { kind: 'drop', service: 'web', number: 0 },
    ],
  });
});

test('a service that does not run has nothing restarted', (context) => {
  const stopped = update({ active: [], drop: [] });
  const { steps } = planUpdate([stopped], NO_FILES, NO_UNITS, new Paths(scratch(context)), OPTIONS);
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ['reload', 'deployment', 'current', 'history', 'tmpfiles', 'reload'],
  );
});

test('units that the new version does not have stop, and what starts at boot is the new main unit', (context) => {
  const socket = update({
    before: deployment(1, ['web.service', 'web.socket']),
    active: ['web.socket'],
    enabled: ['web.socket'],
    enablesOtherwise: true,
  });
  const { steps } = planUpdate([socket], NO_FILES, NO_UNITS, new Paths(scratch(context)), OPTIONS);
  const of = (...kinds: string[]) => steps.filter(({ kind }) => kinds.includes(kind));
  assert.deepEqual(of('stop', 'disable', 'enable'), [
    { kind: 'stop', unit: 'web.socket', active: true },
    { kind: 'disable', units: ['web.service', 'web.socket'], enabled: ['web.socket'] },
    { kind: 'enable', units: ['web.service'] },
  ]);
});

/** `front` requires `web`, `back` only comes after it. */
const GRAPH = new UnitGraph(
  ['web.service', 'front.service', 'back.service', 'web.socket'].map((name) => ({
    name,
    aliases: [],
    loadState: 'loaded',
    links: [
      ...(name === 'front.service'
        ? makeLinks(name, { kind: 'Requires', reverse: false }, ['web.service'])
        : []),
      ...(/^(front|back)/.test(name)
        ? makeLinks(name, { kind: 'After', reverse: false }, ['web.service'])
        : []),
    ],
  })),
);

function unitsOf(test: TestContext, service: ServiceUpdate, changed: string[] = []): Promise<UpdateUnits> {
  const systemd = new FakeSystemd(new Paths(scratch(test)));
  const changes = changed.map((path) => ({ path, change: 'changed' as const, as: null }));
  return findUpdateUnits([service], changes, GRAPH, systemd);
}

test('what requires a service is started again with it, what only comes after it is not', async (context) => {
  assert.deepEqual(await unitsOf(context, update()), {
    restart: ['web.service'],
    dependents: ['front.service'],
    running: ['web.service', 'front.service'],
  });
});

test('a socket goes on listening, unless it has become another', async (context) => {
  const units = ['web.service', 'web.socket'];
  const service = update({ before: deployment(1, units), after: deployment(2, units), active: units });
  const { restart } = await unitsOf(context, service);
  assert.deepEqual(restart, ['web.service']);
  const changed = await unitsOf(context, service, ['/etc/systemd/system/web.socket']);
  assert.deepEqual(changed.restart, units);
  const listening = await unitsOf(context, { ...service, active: ['web.socket'] });
  assert.deepEqual(listening, { restart: [], dependents: [], running: ['web.socket'] });
});

test('a service that gets a socket has it started with it', async (context) => {
  const service = update({ after: deployment(2, ['web.service', 'web.socket']) });
  assert.deepEqual((await unitsOf(context, service)).restart, ['web.service', 'web.socket']);
});
