import { BerthError, messageOf } from '../errors.ts';
import { findCulprit } from './culprit.ts';
import { followJob, JobEnds } from './job.ts';
import type { ManagerCalls } from './manager-calls.ts';
import { isNoSuchUnit } from './refusal.ts';
import { Snapshot } from './snapshot.ts';
import { dependencyFailure, readFailure, startFailure } from './start-failure.ts';
import type { JobResult, Systemd } from './systemd.ts';
import type { UnitName } from './unit-name.ts';
import { unitState } from './unit-state.ts';

/** The jobs that start and stop units, followed to their ends unless they are only to be queued. */
export class UnitJobs {
  readonly #manager: ManagerCalls;
  readonly #systemd: Systemd;

  /** `systemd` tells of other units, for why one did not start, and whether starts are followed. */
  constructor(manager: ManagerCalls, systemd: Systemd) {
    this.#manager = manager;
    this.#systemd = systemd;
  }

  /** Throws what `Systemd.start` throws. */
  async bringUp(member: 'StartUnit' | 'RestartUnit', name: UnitName): Promise<void> {
    const result = await this.#begin(member, name);
    if (result === 'done') return;
    const properties = await this.#manager.properties(name);
    // The job's end was missed: its unit tells how it went. One that does its work and ends is inactive.
    const state = unitState(name, properties);
    if (result === undefined && state.activeState !== 'failed' && /^(?:success)?$/.test(state.result)) return;
    const culprit =
      result === 'dependency' ? await findCulprit(name, new Snapshot(this.#systemd)) : undefined;
    if (culprit !== undefined) throw dependencyFailure(name, culprit);
    throw startFailure(name, await readFailure(name, result ?? 'failed', properties));
  }

  /** No error for a unit that systemd does not know or that does not run. Throws `unit-failed`. */
  async stop(name: UnitName): Promise<void> {
    let result: JobResult | undefined;
    try {
      result = await this.#follow('StopUnit', name, 'cannot stop');
    } catch (error) {
      if (isNoSuchUnit(error)) return;
      throw error;
    }
    if (result === 'done') return;
    const { activeState } = await this.#systemd.state(name);
    if (activeState === 'inactive' || activeState === 'failed') return;
    throw new BerthError(
      'unit-failed',
      `cannot stop: ${name}: job ${result ?? 'lost'}, unit ${activeState}`,
      {
        hint: `systemctl status ${name}`,
      },
    );
  }

  async #begin(member: string, name: UnitName): Promise<JobResult | undefined> {
    const what = 'cannot start';
    try {
      if (this.#systemd.follows) return await this.#follow(member, name, what);
      await this.#manager.call(member, `${what}: ${name}`, { body: [name, 'replace'] });
      return 'done';
    } catch (error) {
      // systemd says the same of a unit that is not there and of one that requires such a one.
      if (!isNoSuchUnit(error) || (await this.#systemd.state(name)).loadState !== 'loaded') throw error;
      throw new BerthError('unit-failed', messageOf(error), { cause: error });
    }
  }

  async #follow(member: string, unit: UnitName, what: string): Promise<JobResult | undefined> {
    const connection = await this.#manager.subscribe();
    const ends = new JobEnds(connection);
    try {
      const call = { body: [unit, 'replace'], on: connection };
      const [path] = await this.#manager.call(member, `${what}: ${unit}`, call);
      return await followJob(String(path), ends, () => this.#manager.subscribe());
    } finally {
      ends.stop();
    }
  }
}
