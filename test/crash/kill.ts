import assert from 'node:assert/strict';
import type { Random } from '../random.ts';
import { examine } from './aftermath.ts';
import { type Point, runUntil } from './calls.ts';
import { type Change, title } from './scenes.ts';
import type { Subject } from './subject.ts';

type Tell = (line: string) => void;

/** Kills berth, as by kill -9, at a random moment of a random change, and looks what became of it. */
export async function killOnce(subject: Subject, random: Random, tell: Tell): Promise<void> {
  const change = random.pick(subject.changes);
  const running = await subject.prepareRunning(change, random);
  const seconds = random.below(subject.duration(change) * 1.1).toFixed(4);
  tell(`kill -9 after ${seconds} s: ${title(change, running)}`);
  const killed = await subject.host.run('timeout', ['--signal=KILL', seconds, 'berth', ...change.args]);
  await look(subject, change, killed.exitCode, running, random, tell);
}

/** Kills berth just before it makes a certain system call. */
export async function killAt(
  subject: Subject,
  change: Change,
  point: Point,
  random: Random,
  tell: Tell,
): Promise<void> {
  const running = await subject.prepareRunning(change, random);
  tell(`kill -9 at ${point.call} ${point.n}: ${title(change, running)}`);
  const { exitCode } = await runUntil(subject.host, point, 'signal=KILL', change.args);
  await look(subject, change, exitCode, running, random, tell);
}

/** The same at a random system call. */
export async function sweepOnce(subject: Subject, random: Random, tell: Tell): Promise<void> {
  const change = random.pick(subject.changes);
  await killAt(subject, change, random.pick(await subject.points(change)), random, tell);
}

async function look(
  subject: Subject,
  change: Change,
  exitCode: number,
  running: boolean,
  random: Random,
  tell: Tell,
): Promise<void> {
  // 1: a program that it had called was killed instead, and it put everything back.
  assert.ok([0, 1, 137].includes(exitCode), `exit status ${exitCode}`);
  const done = exitCode === 0;
  const said = await examine(subject, { change, done, running }, random);
  tell(`  ${done ? 'it was done before' : said || 'as before, or done'}`);
}
