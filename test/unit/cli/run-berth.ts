import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { run } from '../../../src/cli/program.ts';

export interface BerthRun {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process; no stream is a terminal. */
export async function runBerth(
  args: string[],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<BerthRun> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const [out, err] = [text(stdout), text(stderr)];
  const status = await run(args, { stdin, stdout, stderr, env }, new AbortController().signal);
  stdout.end();
  stderr.end();
  return { status, stdout: await out, stderr: await err };
}
