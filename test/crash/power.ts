import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { examine } from './aftermath.ts';
import { examineFailure } from './fault.ts';
import { title } from './scenes.ts';
import type { Subject } from './subject.ts';

/** Cuts the power at a random moment of a random change, and looks what became of it after the boot. */
export async function cutOnce(subject: Subject, random: Random, tell: (line: string) => void): Promise<void> {
  const { host } = subject;
  const change = random.pick(subject.changes);
  const running = await subject.prepareRunning(change, random);
  await host.sh('sync');
  const milliseconds = random.below(subject.duration(change) * 1300);
  const flushed = random.chance(0.3);
  tell(
    `power cut after ${milliseconds.toFixed(0)} ms${flushed ? ', flushed' : ''}: ${title(change, running)}`,
  );
  let reported = false;
  // Killed by the cut, it may end in any way.
  const run = host.berth(...change.args).then(
    ({ exitCode }) => {
      reported = exitCode === 0;
    },
    () => undefined,
  );
  await sleep(milliseconds);
  const done = reported;
  await host.cutPower({ flushed });
  await run;
  // After a boot, whatever is enabled runs.
  const said = await examine(subject, { change, done, running: false }, random);
  tell(`  ${done ? 'it was done before; ' : ''}${said || 'as before, or done'}`);
}

/** Has the disks fail at a random moment of a random change, and goes on failing until the next boot. */
export async function breakOnce(
  subject: Subject,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const { host } = subject;
  const change = random.pick(subject.changes);
  const running = await subject.prepareRunning(change, random);
  await host.sh('sync');
  const milliseconds = random.below(subject.duration(change) * 1000);
  const [places, flushed] = [random.pick(['all', 'store'] as const), random.chance(0.3)];
  tell(`disks fail (${places}) after ${milliseconds.toFixed(0)} ms: ${title(change, running)}`);
  const run = host.berth(...change.args);
  await sleep(milliseconds);
  await host.failDisks(places, { flushed });
  const result = await run;
  tell(`  ${examineFailure(result)}`);
  await host.cutPower();
  const done = result.exitCode === 0;
  tell(`  ${(await examine(subject, { change, done, running: false }, random)) || 'as before, or done'}`);
}
