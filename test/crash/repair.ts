import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import type { Random } from '../random.ts';
import { examineServices } from './aftermath.ts';
import { runUntil } from './calls.ts';
import { ABSENT } from './scenes.ts';
import type { Subject } from './subject.ts';
import { succeed } from './succeed.ts';

const STORE = '/var/lib/berth/store';
const LIVE = '/var/lib/berth/deployments/*/current';

const OWN = `${STORE}/objects ${STORE}/layers ${STORE}/blobs ${STORE}/images.json ${LIVE}/rootfs/ ${LIVE}/config.json`;
const ON_HOST = '/etc/systemd/system /etc/tmpfiles.d /usr/local/bin';

/** Where damage is done, and how. A file of the host that was changed is a person's, and not repaired. */
const PLACES: [find: string, damage: string[]][] = [
  [`${OWN} -type f`, ['rm', 'truncate --size 1', 'chmod 4711', 'chown 1:1', 'echo more >>']],
  [`${ON_HOST} -type f \\( -path '*/tiny*' -o -path '*/plain*' -o -path '*/many*' \\)`, ['rm']],
];

const REPAIRS = [
  ['fsck', '--repair'],
  ['verify', '--repair', '--images'],
];

/** Of a repair that has much to do. */
const CALLS = ['rename', 'link', 'unlink', 'mkdir', 'fsync', 'fdatasync', 'syncfs', 'chmod', 'utimensat'];

/** Damages what is installed, ends the repair at a random moment, and has the next one finish it. */
export async function repairOnce(
  subject: Subject,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const { host } = subject;
  const state = random.pick(subject.changes.map(({ from }) => from).filter((from) => from !== ABSENT));
  await subject.reach(state);
  for (let count = 1 + random.int(4); count > 0; count -= 1) {
    const [where, how] = random.pick(PLACES);
    const files = (await host.sh(`find ${where} | sort`)).split('\n');
    const damage = `${random.pick(how)} '${random.pick(files)}'`;
    tell(`${state.name}: ${damage}`);
    await host.sh(`${damage}; sync`);
  }
  await interrupt(host, random.pick(REPAIRS), random, tell);
  for (const repair of REPAIRS) await succeed(host, 'berth', ...repair);
  for (const check of [['verify', '--images'], ['fsck']]) await succeed(host, 'berth', ...check);
  assert.equal((await subject.state()).name, state.name);
  await examineServices(subject, state, false);
}

async function interrupt(
  host: Host,
  args: string[],
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  if (random.chance(0.3)) {
    const milliseconds = random.below(1500);
    tell(`  power cut after ${milliseconds.toFixed(0)} ms: berth ${args.join(' ')}`);
    // Killed by the cut, it may end in any way.
    const run = host.berth(...args).catch(() => undefined);
    await sleep(milliseconds);
    await host.cutPower({ flushed: random.chance(0.3) });
    await run;
    return;
  }
  const point = { call: random.pick(CALLS), n: 1 + random.int(4) };
  const { exitCode } = await runUntil(host, point, 'signal=KILL', args);
  tell(`  kill -9 at ${point.call} ${point.n}: berth ${args.join(' ')}: ${exitCode}`);
  assert.ok([0, 1, 137].includes(exitCode), `exit status ${exitCode}`);
}
