import assert from 'node:assert/strict';
import type { Host } from '../host/host.ts';
import type { Random } from '../random.ts';
import { type Point, tracePoints } from './calls.ts';
import { publish, pushReleases } from './releases.ts';
import {
  ABSENT,
  type Change,
  type Command,
  changesOf,
  LITTER,
  type Scene,
  type State,
  TINY,
} from './scenes.ts';
import { succeed } from './succeed.ts';

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

/** The services that changes are tried on, in a host that is rebooted, cut off and filled up. */
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

  /** Learns what nothing looks like, and of all else when it is first needed. */
  static async learn(host: Host, scenes: readonly Scene[]): Promise<Subject> {
    const subject = new Subject(host, scenes.flatMap(changesOf));
    await pushReleases(host);
    // What only the first command makes is there from now on.
    await succeed(host, 'berth', 'install', TINY);
    await succeed(host, 'berth', 'uninstall', 'tiny');
    await subject.#know(ABSENT);
    return subject;
  }

  /** All units that there are in any state. */
  get units(): string[] {
    return [...new Set(this.changes.flatMap(({ from }) => from.units))];
  }

  /** Seconds that a change takes when nothing interrupts it; it was prepared before. */
  duration(change: Change): number {
    return this.#seconds.get(change) ?? 0;
  }

  /** Where a change can be interrupted exactly, while services run. */
  async points(change: Change): Promise<Point[]> {
    const known = this.#points.get(change) ?? this.#trace(change);
    this.#points.set(change, known);
    return await known;
  }

  async #trace(change: Change): Promise<Point[]> {
    await this.prepare(change);
    if (change.from !== ABSENT) await this.start(change.from);
    const points = await tracePoints(this.host, change.args);
    if (change.to !== ABSENT) await succeed(this.host, 'systemctl', 'stop', ...change.to.units);
    return points;
  }

  /** Brings about, by commands that nothing interrupts, what a change starts from. */
  async prepare(change: Change): Promise<void> {
    if (!this.#seconds.has(change)) await this.#learn(change);
    await this.#bring(change);
  }

  /** The same; by chance, what there is then runs. True when it does. */
  async prepareRunning(change: Change, random: Random): Promise<boolean> {
    await this.prepare(change);
    const running = change.from !== ABSENT && random.chance(0.5);
    if (running) await this.start(change.from);
    return running;
  }

  /** Starts all that can run in a state. */
  async start({ units }: State): Promise<void> {
    // One trial after the other starts them more often than systemd allows.
    await succeed(this.host, 'systemctl', 'reset-failed', ...units);
    await succeed(this.host, 'systemctl', 'start', ...units);
  }

  async #learn(change: Change): Promise<void> {
    await this.#bring(change);
    const began = performance.now();
    await succeed(this.host, 'berth', ...change.args);
    this.#seconds.set(change, (performance.now() - began) / 1000);
    await this.#know(change.to);
  }

  async #bring({ from, release, littered }: Change): Promise<void> {
    await this.reach(from);
    await publish(this.host, release);
    if (!littered) return;
    await succeed(this.host, 'berth', 'install', '--name', 'litter', LITTER);
    await succeed(this.host, 'berth', 'uninstall', 'litter');
  }

  /** Brings about a state, by commands that nothing interrupts. */
  async reach(wanted: State): Promise<void> {
    const state = await this.state();
    if (state === wanted) return;
    if (state !== ABSENT) await succeed(this.host, 'berth', 'uninstall', ...state.services);
    for (const command of wanted.made) await this.#run(command);
    await this.#know(wanted);
  }

  async #run({ release, args }: Command): Promise<void> {
    await publish(this.host, release);
    await succeed(this.host, 'berth', ...args);
  }

  async #know(state: State): Promise<void> {
    if (!this.#known.has(state)) this.#known.set(state, await fingerprint(this.host));
  }

  /** Which state this is, to the last file. Throws when it is none. */
  async state(): Promise<State> {
    const lines = await fingerprint(this.host);
    for (const [state, known] of this.#known) if (known.join('\n') === lines.join('\n')) return state;
    const differences = [...this.#known].map(
      ([state, known]) =>
        `not ${state.name}: ${known
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
