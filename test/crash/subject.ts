import assert from 'node:assert/strict';
import type { Host } from '../host/host.ts';
import { type Point, tracePoints } from './calls.ts';
import { succeed } from './succeed.ts';

/** What there may be of the service `tiny`: nothing, its first release, or the next one. */
export type State = 'absent' | 'first' | 'next';

/** A command that is to be interrupted, and what it makes of what. */
export interface Change {
  args: string[];
  from: State;
  to: State;
  /** Has something to prune there before. */
  littered?: true;
}

const FIRST = '127.0.0.1:5000/tiny';
const NEXT = '127.0.0.1:5000/tiny-next';
const LITTER = '127.0.0.1:5000/whiteouts';

const UPDATE = ['update', '--soak', '1s', '--rebase', NEXT, 'tiny'];

const CHANGES: Change[] = [
  { args: ['install', FIRST], from: 'absent', to: 'first' },
  { args: ['install', '--now', FIRST], from: 'absent', to: 'first' },
  { args: ['uninstall', 'tiny'], from: 'first', to: 'absent' },
  { args: ['prune', '--all'], from: 'first', to: 'first', littered: true },
  { args: UPDATE, from: 'first', to: 'next' },
  { args: ['rollback', 'tiny'], from: 'next', to: 'first' },
];

// Paths, owners, modes and content of all that a change may touch, but for what differs from one
// installation to the next: numbers of deployments, the time in a record.
const FINGERPRINT = `
  cd /
  find etc usr/local/bin ! -path 'etc/systemd/system/*.wants' -printf '%p %y %m %U:%G %l\\n'
  find etc/systemd/system etc/tmpfiles.d etc/tiny usr/local/bin/tiny* -type f -exec sha256sum {} + 2>/dev/null
  find var/lib/berth/deployments -mindepth 1 -maxdepth 2 -printf 'deployment %p\\n' 2>/dev/null |
    grep -v 'history.json$' | sed -E 's#/[0-9]+$#/N#' | uniq
  sed -n 's/^    "manifestDigest": /current /p' var/lib/berth/deployments/*/current/deployment.json 2>/dev/null
  find var/lib/berth/journal var/lib/berth/store/staging -mindepth 1 -printf 'stray %p\\n' 2>/dev/null
  find var/lib/berth -name '*.berth-new' -printf 'stray %p\\n' 2>/dev/null
  findmnt --raw --noheadings --output TARGET,FSTYPE
  systemctl list-units --state=failed --plain --no-legend`;

/** The service that changes are tried on, in a host that is rebooted, cut off and filled up. */
export class Subject {
  readonly host: Host;
  readonly changes: Change[];
  readonly #known = new Map<State, string[]>();
  readonly #seconds = new Map<Change, number>();
  readonly #points = new Map<Change, Promise<Point[]>>();

  private constructor(host: Host, changes: Change[]) {
    this.host = host;
    this.changes = changes;
  }

  /** Learns what each state looks like and how long each change takes when nothing interrupts it. */
  static async learn(host: Host): Promise<Subject> {
    const help = await host.berth('--help');
    // A berth of before they were there can be tried too.
    const subject = new Subject(
      host,
      CHANGES.filter(({ args }) => new RegExp(`^ +${args[0]} `, 'm').test(help.stdout)),
    );
    // What only the first command makes is there from now on.
    await succeed(host, 'berth', 'install', FIRST);
    await succeed(host, 'berth', 'uninstall', 'tiny');
    for (const name of ['install', 'prune', 'update', 'rollback', 'uninstall']) await subject.#try(name);
    return subject;
  }

  /** Carries out the changes of this name. */
  async #try(name: string): Promise<void> {
    for (const change of this.changes.filter(({ args }) => args[0] === name)) {
      if (!this.#known.has(change.from)) this.#known.set(change.from, await fingerprint(this.host));
      await this.prepare(change);
      const began = performance.now();
      await succeed(this.host, 'berth', ...change.args);
      this.#seconds.set(change, (performance.now() - began) / 1000);
      if (!this.#known.has(change.to)) this.#known.set(change.to, await fingerprint(this.host));
    }
  }

  /** Seconds. */
  duration(change: Change): number {
    return this.#seconds.get(change) ?? 0;
  }

  /** Where a change can be interrupted exactly. */
  async points(change: Change): Promise<Point[]> {
    const known =
      this.#points.get(change) ?? this.prepare(change).then(() => tracePoints(this.host, change.args));
    this.#points.set(change, known);
    return await known;
  }

  /** Brings about, by commands that nothing interrupts, what a change starts from. */
  async prepare(change: Change): Promise<void> {
    const { host } = this;
    const state = await this.state();
    if (change.littered) {
      await succeed(host, 'berth', 'install', '--name', 'litter', LITTER);
      await succeed(host, 'berth', 'uninstall', 'litter');
    }
    if (state === change.from) return;
    if (state !== 'absent') await succeed(host, 'berth', 'uninstall', 'tiny');
    if (change.from === 'absent') return;
    await succeed(host, 'berth', 'install', FIRST);
    if (change.from === 'next') await succeed(host, 'berth', ...UPDATE);
  }

  /** Which state this is, to the last file. Throws when it is none. */
  async state(): Promise<State> {
    const lines = await fingerprint(this.host);
    for (const [state, known] of this.#known) if (known.join('\n') === lines.join('\n')) return state;
    const differences = [...this.#known].map(
      ([state, known]) =>
        `not ${state}: ${known
          .filter((line) => !lines.includes(line))
          .map((line) => `\n  missing ${line}`)
          .concat(lines.filter((line) => !known.includes(line)).map((line) => `\n  extra ${line}`))
          .join('')}`,
    );
    const shortest = differences.sort((a, b) => a.length - b.length)[0];
    throw new assert.AssertionError({ message: `neither the old state nor the new one\n${shortest}` });
  }
}

async function fingerprint(host: Host): Promise<string[]> {
  const { stdout } = await host.run('bash', ['-c', FINGERPRINT]);
  return [...new Set(stdout.split('\n'))].sort();
}
