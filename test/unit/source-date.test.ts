import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUuid, readSourceDate, timeToRecord } from '../../src/source-date.ts';

const sourceDate = new Date('2023-11-14T22:13:20Z');

test('SOURCE_DATE_EPOCH is seconds since 1970', () => {
  assert.deepEqual(readSourceDate({ SOURCE_DATE_EPOCH: '1700000000' }), sourceDate);
  assert.equal(readSourceDate({ SOURCE_DATE_EPOCH: '0' })?.getTime(), 0);
  for (const env of [{}, { SOURCE_DATE_EPOCH: '' }]) assert.equal(readSourceDate(env), undefined);
});

test('what is no time is refused', () => {
  for (const text of ['yesterday', '-1', '1.5', '1e3', '0x10', ' 1', '8640000000001', '99999999999999']) {
    assert.throws(() => readSourceDate({ SOURCE_DATE_EPOCH: text }), { code: 'usage' }, text);
  }
});

test('what is recorded has the source date, and the clock’s without one', () => {
  assert.equal(timeToRecord({ sourceDate }), '2023-11-14T22:13:20.000Z');
  assert.match(timeToRecord({ sourceDate: undefined }), /^20\d\d-/);
});

test('a UUID is the same when the same is built again, and else no other is like it', () => {
  const uuid = makeUuid({ sourceDate }, 'web');
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(makeUuid({ sourceDate }, 'web'), uuid);
  assert.notEqual(makeUuid({ sourceDate }, 'db'), uuid);
  assert.notEqual(makeUuid({ sourceDate: new Date(0) }, 'web'), uuid);
  const none = { sourceDate: undefined };
  assert.notEqual(makeUuid(none, 'web'), makeUuid(none, 'web'));
});
