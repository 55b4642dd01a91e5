import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { examine } from './aftermath.ts';
import type { Subject } from './subject.ts';
import { succeed } from './succeed.ts';

/** Cuts the power at a random moment of a random change, and looks what became of it after the boot. */
export async function cutOnce(subject: Subject, random: Random, tell: (line: string) => void): Promise<void> {
  const { host } = subject;
  const change = random.pick(subject.changes);
  await subject.prepare(change);
  const running = change.from !== 'absent' && random.chance(0.5);
  if (running) await succeed(host, 'systemctl', 'start', 'tiny');
  await host.sh('sync');
  const milliseconds = random.below(subject.duration(change) * 1300);
  const flushed = random.chance(0.3);
  tell(
    `power cut after ${milliseconds.toFixed(0)} ms${flushed ? ', flushed' : ''}: berth ${change.args.join(' ')}`,
  );
  let reported: number | undefined;
  // Killed by the cut, it may end in any way.
  const run = host.berth(...change.args).then(
    ({ exitCode }) => {
      reported = exitCode;
    },
    () => undefined,
  );
  await sleep(milliseconds);
  const exitCode = reported;
  await host.cutPower({ flushed });
  await run;
  // After a boot, whatever is enabled runs.
  const said = await examine(subject, { change, exitCode, running: false }, random);
  tell(`  ${exitCode === 0 ? 'it was done before; ' : ''}${said || 'as before, or done'}`);
}
