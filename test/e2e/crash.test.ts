import { after, before, test } from 'node:test';
import { SCENES } from '../crash/scenes.ts';
import type { Subject } from '../crash/subject.ts';
import { bootSubject, type Kind, TRIALS } from '../crash/trials.ts';
import { Random } from '../random.ts';

// A few of what `npm run test:crash` does by the hundred, and always the same: a failure here is of the change that is
// being tested.

let subject: Subject;
const seed = Number(process.env['BERTH_CRASH_SEED'] ?? 1);

before(async () => {
  subject = await bootSubject([new Random(seed).pick(SCENES)]);
});
after(async () => {
  await subject.host[Symbol.asyncDispose]();
});

const CASES: [kind: Kind, count: number, title: string][] = [
  ['kill', 2, 'after kill -9 at a random moment the next command finds the old state or the new one'],
  ['sweep', 2, 'so it does after kill -9 at a random system call'],
  ['fault', 2, 'a disk that fails or is full at a random system call is told, and the old state is whole'],
  ['break', 1, 'disks that go on failing are told, and after a boot there is the old state or the new one'],
  ['fill', 1, 'a disk with little space is told, and the old state is whole'],
  ['repair', 1, 'a repair that was interrupted is finished by the next one'],
  ['power', 1, 'after a power cut there is the old state or the new one, and the new one where it was told'],
  ['crowd', 1, 'twenty commands at once wait for one another'],
];

let own = seed;
for (const [kind, count, title] of CASES) {
  test(title, async (context) => {
    for (let trial = 0; trial < count; trial += 1) {
      own += 1;
      await TRIALS[kind](subject, new Random(own), (line) => context.diagnostic(`seed ${seed}: ${line}`));
    }
  });
}
