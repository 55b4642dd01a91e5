import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTimeline } from '../../../src/deployment/boot-timeline.ts';
import type { UnitState, UnitTimes } from '../../../src/systemd/systemd.ts';
import { unitState } from '../../../src/systemd/unit-state.ts';

const SECOND = 1_000_000;

/** A unit with times in seconds since the machine was switched on. */
function unit(name: string, activeState: string, times: Partial<UnitTimes>, subState = ''): UnitState {
  const state = unitState(name, new Map(Object.entries({ ActiveState: activeState, SubState: subState })));
  const monotonic = { ...state.monotonic };
  for (const [key, value] of Object.entries(times)) monotonic[key as keyof UnitTimes] = value * SECOND;
  return { ...state, monotonic };
}

/** Such as "activating 1-2". */
function spans(timeline: ReturnType<typeof makeTimeline>, name: string): string[] {
  const row = timeline.rows.find((candidate) => candidate.unit === name);
  return (row?.spans ?? []).map(({ state, from, to }) =>
    to === timeline.length ? `${state} ${from}-` : `${state} ${from}-${to}`,
  );
}

test('times are told from the begin of the boot, units in the order of their start', () => {
  const boot = { began: 100 * SECOND, finished: 110 * SECOND };
  const timeline = makeTimeline(
    [
      unit('never', 'inactive', {}),
      unit('docker', 'active', { inactiveExit: 103, activeEnter: 105 }),
      unit('etcd', 'active', { inactiveExit: 101, activeEnter: 103 }),
      unit('failed', 'failed', { inactiveExit: 102, inactiveEnter: 104 }),
      unit('stopped', 'inactive', {
        inactiveExit: 102,
        activeEnter: 103,
        activeExit: 104,
        inactiveEnter: 105,
      }),
      unit('again', 'activating', { inactiveExit: 104, inactiveEnter: 104 }, 'auto-restart'),
      unit('later', 'active', { inactiveExit: 200, activeEnter: 201 }),
    ],
    boot,
  );
  assert.deepEqual(
    timeline.rows.map((row) => row.unit),
    ['etcd', 'failed', 'stopped', 'docker', 'again', 'later', 'never'],
  );
  assert.deepEqual(spans(timeline, 'etcd'), ['activating 1-3', 'active 3-']);
  assert.deepEqual(spans(timeline, 'failed'), ['activating 2-4', 'failed 4-']);
  assert.deepEqual(spans(timeline, 'stopped'), ['activating 2-3', 'active 3-4', 'deactivating 4-5']);
  assert.deepEqual(spans(timeline, 'again'), ['failed 4-']);
  assert.deepEqual(spans(timeline, 'later'), []);
  assert.equal(timeline.rows[5]?.later, 100);
  assert.equal(timeline.rows[3]?.ready, 5);
  assert.ok(timeline.length > 5 && timeline.length < 6);
});

test('the times of an earlier run are not those of the last start', () => {
  const before = { activeEnter: 101, activeExit: 102, inactiveEnter: 103 };
  const timeline = makeTimeline([unit('a', 'activating', { ...before, inactiveExit: 104 })], {
    began: 100 * SECOND,
    finished: 0,
  });
  assert.deepEqual(spans(timeline, 'a'), ['activating 4-']);
  assert.equal(timeline.rows[0]?.ready, null);
});

test('where all started after the boot, the first of them begins the timeline', () => {
  const timeline = makeTimeline(
    [
      unit('b', 'active', { inactiveExit: 502, activeEnter: 503 }),
      unit('a', 'active', { inactiveExit: 500, activeEnter: 501 }),
    ],
    { began: 100 * SECOND, finished: 110 * SECOND },
  );
  assert.deepEqual(spans(timeline, 'a'), ['activating 0-1', 'active 1-']);
  assert.deepEqual(spans(timeline, 'b'), ['activating 2-3', 'active 3-']);
});
