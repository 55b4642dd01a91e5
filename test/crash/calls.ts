import type { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { succeed } from './succeed.ts';

/** The n-th time that a process, or a thread of one, makes this system call; with `ever`, every time from then on. */
export interface Point {
  call: string;
  n: number;
  ever?: boolean;
}

// All that moves, makes, removes or syncs a file. Before and after each of them the disk looks different.
const CALLS = 'rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,mkdir,mkdirat,symlink,symlinkat';
const SYNCS = 'fsync,fdatasync,syncfs,ftruncate';

/** All points of a command that must succeed. */
export async function tracePoints(host: Host, args: string[]): Promise<Point[]> {
  const log = '/tmp/calls';
  await succeed(
    host,
    'strace',
    ...['-f', '-qq', '-o', log, '-e', `trace=${CALLS},${SYNCS}`, 'berth', ...args],
  );
  const lines = (await host.sh(`cat ${log}`)).split('\n');
  const counts = new Map<string, Map<string, number>>();
  for (const line of lines) {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call === '') continue;
    const ofCall = counts.get(call) ?? new Map<string, number>();
    counts.set(call, ofCall.set(thread, (ofCall.get(thread) ?? 0) + 1));
  }
  return [...counts].flatMap(([call, ofCall]) =>
    Array.from({ length: Math.max(...ofCall.values()) }, (_, index) => ({ call, n: index + 1 })),
  );
}

/** Runs berth so that something happens to it at a point: `signal=KILL`, `error=EIO`. */
export async function runUntil(
  host: Host,
  { call, n, ever = false }: Point,
  what: string,
  args: string[],
): Promise<RunResult> {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${n}${ever ? '+' : ''}`];
  return await host.run('strace', ['-f', '-qq', '-o', '/dev/null', ...inject, 'berth', ...args]);
}
