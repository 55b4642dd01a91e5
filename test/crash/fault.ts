import assert from 'node:assert/strict';
import { assertFailure } from '../e2e/attempt.ts';
import type { RunResult } from '../host/run.ts';
import type { Random } from '../random.ts';
import { examine } from './aftermath.ts';
import { type Point, runUntil } from './calls.ts';
import { type Change, title } from './scenes.ts';
import type { Subject } from './subject.ts';
import { succeed } from './succeed.ts';

/** Has a random call to the kernel fail during a random change, perhaps ever after. */
export async function failOnce(
  subject: Subject,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const change = random.pick(subject.changes);
  const point = random.pick(await subject.points(change));
  // Not those of `fsync`: koffi flushes stdout and stderr at exit, and hangs when that fails.
  const ever = point.call !== 'fsync' && random.chance(0.3);
  await failAt(subject, change, { ...point, ever }, random, tell);
}

/**
 * Has one call to the kernel fail during a change, or all from then on: by EIO, as of a failing disk, or ENOSPC,
 * as of a full one.
 */
export async function failAt(
  subject: Subject,
  change: Change,
  point: Point,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const { call, n, ever = false } = point;
  const running = await subject.prepareRunning(change, random);
  const error = random.pick(['EIO', 'ENOSPC']);
  tell(`${error} from ${call} ${n}${ever ? ' on' : ''}: ${title(change, running)}`);
  const result = await runUntil(subject.host, point, `error=${error}`, change.args);
  tell(`  ${examineFailure(result)}`);
  // On a disk that goes on failing nothing can be undone: that is for the next command.
  if (!ever) await examineUndone(subject, change, result);
  await examine(subject, { change, done: result.exitCode === 0, running }, random);
}

/** Runs a change on a file system that has room for a random part of what it needs. */
export async function fillOnce(
  subject: Subject,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const { host } = subject;
  const change = random.pick(subject.changes);
  const running = await subject.prepareRunning(change, random);
  const place = random.pick(['/var/lib/berth', '/etc']);
  const free = Math.floor(random.below(place === '/etc' ? 64 << 10 : 6 << 20));
  tell(`${free >> 10} KiB free in ${place}: ${title(change, running)}`);
  const filler = `${place === '/etc' ? '/root' : place}/filler`;
  // What the file system sets aside for itself is not to be had in one piece: the rest goes bit by bit.
  await host.sh(`sync -f ${place}; avail=$(df --output=avail -B1 ${place} | tail -1)
    if [ $avail -gt ${free} ]; then fallocate --length $((avail - ${free})) ${filler} || true; fi; sync -f ${place}`);
  const result = await host.berth(...change.args);
  tell(`  ${examineFailure(result)}`);
  await examineUndone(subject, change, result);
  await succeed(host, 'rm', '-f', filler);
  await examine(subject, { change, done: result.exitCode === 0, running }, random);
}

/** Asserts that a command that failed says so as it must. Returns how it ended, in one line. */
export function examineFailure(result: RunResult): string {
  const { exitCode, stderr } = result;
  if (exitCode !== 0) assertFailure(result, { status: 1, says: /^Error: /m });
  return `${exitCode}: ${/^Error: .*$/m.exec(stderr)?.[0] ?? ''}`;
}

async function examineUndone(subject: Subject, change: Change, result: RunResult): Promise<void> {
  const { exitCode, combined } = result;
  if (exitCode !== 0) assert.equal((await subject.state()).name, change.from.name, combined);
}
