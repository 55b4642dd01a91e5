import assert from 'node:assert/strict';
import type { Random } from '../random.ts';
import { ABSENT, type Change, type State } from './scenes.ts';
import type { Subject } from './subject.ts';
import { succeed } from './succeed.ts';

export interface Aftermath {
  change: Change;
  /** The command said that it had succeeded. */
  done: boolean;
  /** What there was before ran, and there was no boot since. */
  running: boolean;
}

/** What people type next, and how that ends. */
const NEXT_COMMANDS: [args: string[], exitCode: number][] = [
  [['verify'], 0],
  [['fsck'], 0],
  [['prune'], 0],
  [['uninstall', 'not-there'], 4],
];

const RECOVERED = /^recovered: .*$/m;

/**
 * Asserts what must hold after a command was interrupted: the next command finds the old state or the new
 * one and says what it did, nothing is damaged, nothing is left over, and the services start. Returns what
 * the next command said.
 */
export async function examine(subject: Subject, after: Aftermath, random: Random): Promise<string> {
  const { host } = subject;
  const { change, done, running } = after;
  const readJournal = () =>
    host.sh('find /var/lib/berth/journal -maxdepth 1 -name "*ing.json" 2>/dev/null || true');
  const journal = await readJournal();
  const [args, expected] = random.pick(NEXT_COMMANDS);
  if (random.chance(0.25)) {
    // Whoever repairs may be killed as well.
    await host.run('timeout', ['--signal=KILL', random.below(0.4).toFixed(4), 'berth', ...args]);
  }
  const open = await readJournal();
  const next = await host.berth(...args);
  assert.equal(next.exitCode, expected, `after that, berth ${args.join(' ')}\n${next.combined}`);
  const said = RECOVERED.exec(next.stderr)?.[0] ?? '';
  if (open !== '') assert.notEqual(said, '', `nothing was said of a journal: ${open}\n${next.combined}`);

  // What a command had not finished making lies there, of no harm, until somebody writes.
  assert.equal((await host.berth('uninstall', 'not-there')).exitCode, 4);
  const state = await subject.state();
  assert.ok(state === change.from || state === change.to, `it is ${state.name}`);
  if (done) assert.equal(state.name, change.to.name, `it had succeeded: ${next.combined}`);
  // `prune` has no journal and no other state.
  if (change.from !== change.to) {
    if (/is now undone/.test(said)) assert.equal(state.name, change.from.name, said);
    if (/is now finished|it is installed/.test(said)) assert.equal(state.name, change.to.name, said);
  }
  for (const check of [['verify', '--images'], ['fsck']]) await succeed(host, 'berth', ...check);
  await examineServices(subject, state, running);
  return said === '' && journal !== '' && open === '' ? 'recovered by the command that was killed' : said;
}

/** Asserts that services start in the version of the state, and go on to run where they ran before; or that none is left. */
export async function examineServices(subject: Subject, state: State, running: boolean): Promise<void> {
  const { host } = subject;
  const { units } = state;
  const isActive = async (names: string[]) =>
    [...new Set((await host.run('systemctl', ['is-active', ...names])).stdout.split('\n'))].join();
  if (state === ABSENT) {
    assert.equal(await isActive(subject.units), 'inactive');
    const names = subject.units.map((unit) => `-name '${unit.replace(/[@.].*/, '*')}'`).join(' -o ');
    const left = await host.sh(
      `find /run/runc /run/berth /sys/fs/cgroup/system.slice -maxdepth 1 \\( ${names} \\) 2>/dev/null || true`,
    );
    assert.equal(left, '', 'something of the services is left');
    return;
  }
  if (running) assert.equal(await isActive(units), 'active', 'the services ran before');
  await subject.start(state);
  assert.equal(await isActive(units), 'active');
  const elsewhere = await host.sh(`for name in ${state.services.join(' ')}; do
    pid=$(systemctl show --property MainPID --value $name)
    [ /proc/$pid/root -ef /var/lib/berth/deployments/$name/current/rootfs ] || echo $name; done`);
  assert.equal(elsewhere, '', 'another version runs');
  const reload = await host.sh(`systemctl show --property NeedDaemonReload --value ${units.join(' ')}`);
  assert.doesNotMatch(reload, /yes/);
  await succeed(host, 'systemctl', 'stop', ...units);
}
