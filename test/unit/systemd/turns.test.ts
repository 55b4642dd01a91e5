import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Turns } from '../../../src/systemd/turns.ts';

describe('Turns', () => {
  it('lets no more than so many run at a time, first come, first served', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    let running = 0;
    const work = [0, 1, 2, 3, 4].map((number) =>
      turns.take(async () => {
        begun.push(number);
        running += 1;
        assert.ok(running <= 2, `${running} at a time`);
        await new Promise(setImmediate);
        running -= 1;
        return number;
      }),
    );
    assert.deepEqual(await Promise.all(work), [0, 1, 2, 3, 4]);
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  });
  it('goes on after work that failed', async () => {
    const turns = new Turns(1);
    const failing = turns.take(() => Promise.reject(new Error('no')));
    const next = turns.take(async () => 'done');
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'done');
    assert.equal(await turns.take(async () => 'again'), 'again');
  });
});
