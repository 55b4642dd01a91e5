import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Scanner } from '../../../src/scan/scanner.ts';
import { judge } from '../../../src/scan/verdict.ts';

const SCANNER: Scanner = {
  ...{ name: 'x', file: '/x.yaml', description: 'x', command: ['x', '{rootfs}'], hint: null },
  ...{ exit: { clean: [0, 3], findings: [1] }, reads: [], network: false, timeLimit: 60, memory: 1e9 },
};

const judged = (result: string, code: string, status: string) => {
  const { outcome, status: number, message } = judge({ result, code, status }, SCANNER);
  return [outcome, number, message];
};

describe('a scanner', () => {
  it('is judged by the status that it exits with', () => {
    assert.deepEqual(judged('success', 'exited', '0'), ['clean', 0, null]);
    assert.deepEqual(judged('exit-code', 'exited', '3'), ['clean', 3, null]);
    assert.deepEqual(judged('exit-code', 'exited', '1'), ['findings', 1, null]);
    assert.deepEqual(judged('exit-code', 'exited', '2'), ['failed', 2, 'ended with exit status 2']);
    assert.deepEqual(judged('exit-code', 'exited', '226'), [
      'failed',
      226,
      'ended with exit status 226/NAMESPACE',
    ]);
  });
  it('has failed where it did not come to an end by itself, whatever status it has', () => {
    assert.deepEqual(judged('timeout', 'exited', '0'), ['failed', null, 'took longer than its 60 s']);
    assert.deepEqual(judged('oom-kill', 'killed', 'KILL'), ['failed', null, 'used more memory than it may']);
    assert.deepEqual(judged('core-dump', 'dumped', 'SEGV'), ['failed', null, 'was ended by SIGSEGV']);
  });
});
