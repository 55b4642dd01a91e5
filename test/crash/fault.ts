import assert from 'node:assert/strict';
import type { RunResult } from '../host/run.ts';
import type { Random } from '../random.ts';
import { examine } from './aftermath.ts';
import { type Point, runUntil } from './calls.ts';
import type { Change, Subject } from './subject.ts';
import { succeed } from './succeed.ts';

/** Has a random call to the kernel fail during a random change. */
export async function failOnce(
  subject: Subject,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const change = random.pick(subject.changes);
  await failAt(subject, change, random.pick(await subject.points(change)), random, tell);
}

/** Has one call to the kernel fail during a change: by EIO, as of a failing disk, or ENOSPC, as of a full one. */
export async function failAt(
  subject: Subject,
  change: Change,
  point: Point,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  await subject.prepare(change);
  const error = random.pick(['EIO', 'ENOSPC']);
  tell(`${error} from ${point.call} ${point.n}: berth ${change.args.join(' ')}`);
  const result = await runUntil(subject.host, point, `error=${error}`, change.args);
  await examineFailure(subject, change, result, random, tell);
}

/** Runs a change on a file system that has room for a random part of what it needs. */
export async function fillOnce(
  subject: Subject,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const { host } = subject;
  const change = random.pick(subject.changes);
  await subject.prepare(change);
  const place = random.pick(['/var/lib/berth', '/etc']);
  const free = Math.floor(random.below(place === '/etc' ? 64 << 10 : 6 << 20));
  tell(`${free >> 10} KiB free in ${place}: berth ${change.args.join(' ')}`);
  const filler = `${place === '/etc' ? '/root' : place}/filler`;
  // What the file system sets aside for itself is not to be had in one piece: the rest goes bit by bit.
  await host.sh(`sync -f ${place}; avail=$(df --output=avail -B1 ${place} | tail -1)
    if [ $avail -gt ${free} ]; then fallocate --length $((avail - ${free})) ${filler} || true; fi; sync -f ${place}`);
  try {
    await examineFailure(subject, change, await host.berth(...change.args), random, tell, () =>
      succeed(host, 'rm', '-f', filler),
    );
  } finally {
    await host.run('rm', ['-f', filler]);
  }
}

async function examineFailure(
  subject: Subject,
  change: Change,
  result: RunResult,
  random: Random,
  tell: (line: string) => void,
  mend?: () => Promise<unknown>,
): Promise<void> {
  const { exitCode, stdout, stderr, combined } = result;
  tell(`  ${exitCode}: ${/^Error: .*$/m.exec(stderr)?.[0] ?? ''}`);
  if (exitCode !== 0) {
    assert.equal(exitCode, 1, combined);
    assert.equal(stdout, '');
    assert.match(stderr, /^Error: [^\n]*[^.\n]$/m);
    assert.doesNotMatch(stderr, /^ +at |unexpected/m);
    assert.equal(await subject.state(), change.from, combined);
  }
  await mend?.();
  await examine(subject, { change, exitCode: exitCode === 0 ? 0 : undefined, running: false }, random);
}
