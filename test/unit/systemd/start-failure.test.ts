import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, selectLines } from '../../../src/systemd/journal.ts';
import { describeFailure } from '../../../src/systemd/start-failure.ts';
import { unitState, withDetail } from '../../../src/systemd/unit-state.ts';

const command = (path: string, code: number, status: number, ignored = false) => [
  path,
  [path],
  ignored,
  0n,
  0n,
  0n,
  0n,
  0,
  code,
  status,
];

test('a failure names the result and the first command that failed', () => {
  const properties = new Map<string, unknown>([
    ['Result', 'exit-code'],
    ['ExecStartPre', [command('/bin/ok', 1, 0), command('/bin/ignored', 1, 5, true)]],
    ['ExecStart', [command('/bin/gone', 1, 203)]],
  ]);
  assert.equal(describeFailure('failed', properties), 'exit-code, ExecStart /bin/gone: exit status 203/EXEC');
});

test('a main process that was killed is named with its signal', () => {
  const properties = new Map<string, unknown>([
    ['Result', 'signal'],
    ['ExecMainCode', 2],
    ['ExecMainStatus', 9],
  ]);
  assert.equal(describeFailure('failed', properties), 'signal, main process: signal 9/SIGKILL');
});

test('a unit that failed for another reason names that', () => {
  assert.equal(describeFailure('failed', new Map([['LoadState', 'not-found']])), 'not installed');
  assert.match(describeFailure('dependency', new Map()), /requires/);
  assert.equal(describeFailure('timeout', new Map([['Result', 'success']])), 'timeout');
});

test('a service that ended well, and was not to end, is told by its exit status', () => {
  const properties = new Map<string, unknown>([
    ['Result', 'success'],
    ['ExecMainCode', 1],
    ['ExecMainStatus', 0],
  ]);
  assert.equal(describeFailure('failed', properties), 'exit status 0');
  assert.equal(describeFailure('failed', new Map([['Result', 'success']])), 'failed');
});

test('what is the same is said once', () => {
  assert.equal(withDetail('active', 'running'), 'active (running)');
  assert.equal(withDetail('failed', 'failed'), 'failed');
});

test('log lines cannot command the terminal', () => {
  assert.equal(printable('\x1b[31mred\x1b[0m\tb\x07\r\x9b2Jc\u202ed'), 'red bcd');
  assert.equal(printable('x'.repeat(600)).length, 501);
});

test('properties that are absent are empty', () => {
  const state = unitState('web.service', new Map([['NRestarts', 3]]));
  assert.equal(state.restarts, 3);
  assert.equal(state.result, '');
  assert.equal(state.mainPid, 0);
});

test('log lines are those of one start, with those whose process was gone too soon to be known', () => {
  const line = (message: unknown, id?: string) => ({
    MESSAGE: message,
    ...(id === undefined ? {} : { _SYSTEMD_INVOCATION_ID: id }),
  });
  const started = { MESSAGE: 'Starting', INVOCATION_ID: 'new', _SYSTEMD_INVOCATION_ID: 'of-systemd' };
  const entries = [line('old', 'old'), line('of whom?'), started, line([111, 117, 116]), line('new', 'new')];
  assert.deepEqual(selectLines(entries, 'new'), ['out', 'new']);
  assert.deepEqual(selectLines([line('old', 'old'), started], 'new'), ['Starting']);
  assert.deepEqual(selectLines([line('old', 'old')], 'new'), []);
  assert.deepEqual(selectLines([line('of whom?'), line('new', 'new')], 'new'), ['new']);
});
