import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BusSignal } from '../../../src/systemd/bus-connection.ts';
import { JobEnds } from '../../../src/systemd/job.ts';

/** Sends the signals that a test wants, when it wants: systemd's own come when they come. */
class FakeSignals {
  readonly listeners = new Set<(signal: BusSignal) => void>();

  listen(listener: (signal: BusSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  removed(id: number, result: string): void {
    const body = [id, `/job/${id}`, 'web.service', result];
    for (const listener of this.listeners) listener({ path: '', member: 'JobRemoved', body });
  }
}

test('a job that ended before anyone waited for it is known', async () => {
  const signals = new FakeSignals();
  const ends = new JobEnds(signals);
  signals.removed(7, 'done');
  assert.equal(await ends.within('/job/7', 1), 'done');
});

test('a job that ends later is told apart from others', async () => {
  const signals = new FakeSignals();
  const ends = new JobEnds(signals);
  const end = ends.within('/job/7', 5_000);
  signals.removed(8, 'done');
  signals.removed(7, 'failed');
  assert.equal(await end, 'failed');
});

test('a job that does not end in time is undefined, and may end after', async () => {
  const signals = new FakeSignals();
  const ends = new JobEnds(signals);
  assert.equal(await ends.within('/job/7', 5), undefined);
  signals.removed(7, 'timeout');
  assert.equal(await ends.within('/job/7', 5), 'timeout');
});

test('after stop nobody listens', () => {
  const signals = new FakeSignals();
  new JobEnds(signals).stop();
  assert.equal(signals.listeners.size, 0);
});
