import assert from 'node:assert/strict';
import type { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { stateOfHost } from './state-of-host.ts';

/** How a command is to fail. */
export interface Failure {
  status: number;
  /** Of stderr, as are hints. */
  says: RegExp;
  hint?: RegExp;
}

/** Asserts status and message, and that an error is one line, without a stack, and alone on its stream. */
export function assertFailure({ exitCode, stdout, stderr, combined }: RunResult, failure: Failure): void {
  assert.equal(exitCode, failure.status, combined);
  assert.equal(stdout, '');
  assert.match(stderr, failure.says);
  assert.match(stderr, /^Error: [^\n]*[^.\n]$/m);
  assert.doesNotMatch(stderr, /^ +at |unexpected/m);
  if (failure.hint !== undefined) assert.match(stderr, failure.hint);
}

/** Runs a berth command that must go well. */
export async function succeed(host: Host, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr, combined, exitCode } = await host.berth(...args);
  assert.equal(exitCode, 0, combined);
  return { stdout, stderr };
}

/** Asserts that a host is as it was before an attempt. */
export async function leavesNothing(host: Host, attempt: () => Promise<void>): Promise<void> {
  const before = await stateOfHost(host);
  await attempt();
  assert.deepEqual(await stateOfHost(host), before);
}
