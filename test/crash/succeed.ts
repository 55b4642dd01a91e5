import assert from 'node:assert/strict';
import type { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';

/** Runs a command that must succeed. */
export async function succeed(host: Host, command: string, ...args: string[]): Promise<RunResult> {
  const result = await host.run(command, args);
  assert.equal(result.exitCode, 0, `${command} ${args.join(' ')}\n${result.combined}`);
  return result;
}
