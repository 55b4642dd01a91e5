import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/**
 * Runs a program with berth's own streams, and passes signals on to it. Returns its exit status, as a shell tells
 * it: 128 and the number of the signal that ended it.
 */
export async function runAttached(
  [program = '', ...args]: readonly string[],
  { stdin }: { stdin: boolean },
): Promise<number> {
  const child = spawn(program, args, { stdio: [stdin ? 'inherit' : 'ignore', 'inherit', 'inherit'] });
  // What a terminal sends, it sends to the program as well.
  const signals: NodeJS.Signals[] = [
    'SIGTERM',
    'SIGHUP',
    ...(process.stdin.isTTY ? [] : ['SIGINT' as const]),
  ];
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
