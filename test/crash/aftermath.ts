import assert from 'node:assert/strict';
import type { Random } from '../random.ts';
import type { Change, State, Subject } from './subject.ts';
import { succeed } from './succeed.ts';

export interface Aftermath {
  change: Change;
  /** How the command ended; undefined when it did not come to that. */
  exitCode: number | undefined;
  /** The service ran before. */
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
 * one and says what it did, nothing is damaged, nothing is left over, and the service starts. Returns what
 * the next command said.
 */
export async function examine(subject: Subject, after: Aftermath, random: Random): Promise<string> {
  const { host } = subject;
  const { change, exitCode, running } = after;
  const journal = await host.sh(
    'find /var/lib/berth/journal -maxdepth 1 -name "*ing.json" 2>/dev/null || true',
  );
  const [args, expected] = random.pick(NEXT_COMMANDS);
  if (random.chance(0.25)) {
    // Whoever repairs may be killed as well.
    await host.run('timeout', ['--signal=KILL', random.below(0.4).toFixed(4), 'berth', ...args]);
  }
  const open = await host.sh('find /var/lib/berth/journal -maxdepth 1 -name "*ing.json" 2>/dev/null || true');
  const next = await host.berth(...args);
  assert.equal(next.exitCode, expected, `after that, berth ${args.join(' ')}\n${next.combined}`);
  const said = RECOVERED.exec(next.stderr)?.[0] ?? '';
  if (open !== '') assert.notEqual(said, '', `nothing was said of a journal: ${open}\n${next.combined}`);

  // What a command had not finished making lies there, of no harm, until somebody writes.
  assert.equal((await host.berth('uninstall', 'not-there')).exitCode, 4);
  const state = await subject.state();
  assert.ok(state === change.from || state === change.to, `it is ${state}`);
  if (exitCode === 0) assert.equal(state, change.to, `it had succeeded: ${next.combined}`);
  // `prune` has no journal and no other state.
  if (change.from !== change.to) {
    if (/is now undone/.test(said)) assert.equal(state, change.from, said);
    if (/is now finished|it is installed/.test(said)) assert.equal(state, change.to, said);
  }
  for (const check of [['verify', '--images'], ['fsck']]) await succeed(host, 'berth', ...check);
  await examineService(subject, state, running);
  return said === '' && journal !== '' && open === '' ? 'recovered by the command that was killed' : said;
}

async function examineService({ host }: Subject, state: State, running: boolean): Promise<void> {
  const active = (await host.run('systemctl', ['is-active', 'tiny'])).stdout;
  if (state === 'absent') {
    assert.equal(active, 'inactive');
    const left = await host.sh(
      'find /run/runc /run/berth /sys/fs/cgroup/system.slice -maxdepth 1 -name "tiny*" 2>/dev/null || true',
    );
    assert.equal(left, '', 'something of the service is left');
    return;
  }
  if (running) assert.equal(active, 'active', 'the service ran before');
  // One trial after the other starts it more often than systemd allows.
  await succeed(host, 'systemctl', 'reset-failed', 'tiny');
  await succeed(host, 'systemctl', 'start', 'tiny');
  assert.equal(
    await host.sh('systemctl is-active tiny; systemctl show --property NeedDaemonReload --value tiny'),
    'active\nno',
  );
  await succeed(host, 'systemctl', 'stop', 'tiny');
}
