import { Host } from '../host/host.ts';
import type { Random } from '../random.ts';
import { crowd } from './crowd.ts';
import { failAt, failOnce, fillOnce } from './fault.ts';
import { killAt, killOnce, sweepOnce } from './kill.ts';
import { breakOnce, cutOnce } from './power.ts';
import { repairOnce } from './repair.ts';
import { ABSENT, type Scene } from './scenes.ts';
import { Subject } from './subject.ts';

/** One thing that goes wrong, once. Throws when what follows is not as it must be. */
export type Trial = (subject: Subject, random: Random, tell: (line: string) => void) => Promise<void>;

/** How many commands come at once. */
const CROWD = 20;

/** What can go wrong, at random. */
export const TRIALS = {
  kill: killOnce,
  sweep: sweepOnce,
  power: cutOnce,
  fault: failOnce,
  break: breakOnce,
  fill: fillOnce,
  repair: repairOnce,
  crowd: async (subject, random, tell) => {
    await subject.reach(ABSENT);
    await crowd(subject.host, CROWD, random, tell);
  },
} satisfies Record<string, Trial>;

export type Kind = keyof typeof TRIALS;

/** A host whose power can be cut and whose disks can be filled, and in it what all trials are tried on. */
export async function bootSubject(scenes: readonly Scene[]): Promise<Subject> {
  const host = await Host.boot({ registry: true, storeMiB: 256, diskMiB: 512 });
  try {
    return await Subject.learn(host, scenes);
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

/** A trial at each point of each change, in order. Only for what happens at points. */
export async function everyPoint(kind: 'sweep' | 'fault', subject: Subject): Promise<Trial[]> {
  const at = kind === 'sweep' ? killAt : failAt;
  const trials: Trial[] = [];
  for (const change of subject.changes) {
    for (const point of await subject.points(change)) {
      trials.push((again, random, tell) => at(again, change, point, random, tell));
    }
  }
  return trials;
}
