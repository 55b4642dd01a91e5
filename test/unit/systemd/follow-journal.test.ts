import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { journalTime } from '../../../src/systemd/follow-journal.ts';

describe('journalTime', () => {
  it('takes a span for the time that is so long ago', () => {
    assert.equal(journalTime('10min'), '-10min');
    assert.equal(journalTime('1.5 h'), '-1.5 h');
  });
  it('takes RFC 3339', () => {
    assert.equal(journalTime('2026-01-31T12:00:00Z'), '@1769860800');
    assert.equal(journalTime('2026-01-31T13:00:00+01:00'), '@1769860800');
    assert.equal(journalTime('2026-01-31T12:00:00.123456Z'), '@1769860800.123456');
  });
  it('leaves all else to journalctl', () => {
    for (const text of [
      'yesterday',
      '-1h',
      '2026-01-31',
      '2026-01-31 12:00',
      '1h ago',
      '2026-99-99T00:00:00Z',
    ]) {
      assert.equal(journalTime(text), text);
    }
  });
});
