import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Budget } from '../../../src/image/budget.ts';

/** Takes a part, and says later whether it has it. */
function ask(budget: Budget, bytes: number) {
  const asked = { has: false };
  budget.take(bytes).then(() => {
    asked.has = true;
  });
  return asked;
}

test('whoever finds too little waits until enough was given back', async () => {
  const budget = new Budget(10);
  await budget.take(6);
  await budget.take(4);
  const [small, large] = [ask(budget, 3), ask(budget, 9)];
  budget.give(4);
  await turn();
  assert.deepEqual([small.has, large.has], [true, false]);
  budget.give(6);
  await turn();
  assert.equal(large.has, false);
  budget.give(3);
  await turn();
  assert.equal(large.has, true);
});

test('a part that is more than all is given to who is alone', async () => {
  const budget = new Budget(10);
  await budget.take(11);
  const next = ask(budget, 1);
  await turn();
  assert.equal(next.has, false);
  budget.give(11);
  await turn();
  assert.equal(next.has, true);
});
