import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from '../../src/settings.ts';

test('how long a start may take is settable, in seconds up to a day', () => {
  assert.equal(parseSettings('', 'berth.yaml').readinessLimit, undefined);
  assert.equal(parseSettings('readiness: {limit: 30}', 'berth.yaml').readinessLimit, 30);
  for (const text of [
    'readiness: {limit: 0}',
    'readiness: {limit: 86401}',
    'readiness: {limit: 5min}',
    'readiness: {time: 5}',
  ]) {
    assert.throws(() => parseSettings(text, 'berth.yaml'), {
      code: 'settings-invalid',
      message: /readiness/,
    });
  }
});
