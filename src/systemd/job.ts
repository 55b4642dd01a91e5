import { setTimeout as delay } from 'node:timers/promises';
import { BerthError } from '../errors.ts';
import { type BusConnection, BusRefusal } from './bus-connection.ts';
import type { JobResult } from './systemd.ts';

const POLL = 2_000;
const GRACE = 200;
const PATIENCE = 60_000;

/**
 * The ends of jobs on one connection, from its making on: made before the call that starts a job,
 * so that a job which ends before the call's answer is not missed.
 */
export class JobEnds {
  readonly #results = new Map<string, JobResult>();
  readonly #waiting = new Map<string, (result: JobResult) => void>();
  readonly #stop: () => void;

  constructor(connection: Pick<BusConnection, 'listen'>) {
    this.#stop = connection.listen(({ member, body }) => {
      const [, path, , result] = body;
      if (member !== 'JobRemoved' || typeof path !== 'string' || typeof result !== 'string') return;
      this.#results.set(path, result);
      this.#waiting.get(path)?.(result);
    });
  }

  /** The end of the job at this object path, when it comes within so many milliseconds. */
  async within(path: string, milliseconds: number): Promise<JobResult | undefined> {
    const cancel = new AbortController();
    const removed = new Promise<JobResult>((resolve) => this.#waiting.set(path, resolve));
    const known = this.#results.get(path);
    if (known !== undefined) return known;
    try {
      // Cancelled as soon as the job ends, so that no timer keeps the process alive.
      const late = delay(milliseconds, undefined, { signal: cancel.signal }).catch(() => undefined);
      return await Promise.race([removed, late]);
    } finally {
      cancel.abort();
      this.#waiting.delete(path);
    }
  }

  stop(): void {
    this.#stop();
  }
}

/**
 * Waits, without a limit of its own, until a job is over: systemd has limits for each unit. Undefined
 * when the job is gone and its result was missed, because systemd re-executed itself or the bus broke.
 *
 * `connect` gives a connection that is open, a new one when the last broke. Throws
 * `systemd-unreachable` when systemd stays away for a minute.
 */
export async function followJob(
  path: string,
  ends: JobEnds,
  connect: () => Promise<BusConnection>,
): Promise<JobResult | undefined> {
  let awaySince: number | undefined;
  for (;;) {
    const result = await ends.within(path, POLL);
    if (result !== undefined) return result;
    try {
      if (!(await jobExists(path, await connect()))) return await ends.within(path, GRACE);
      awaySince = undefined;
    } catch (error) {
      awaySince ??= Date.now();
      if (!isPassing(error) || Date.now() - awaySince > PATIENCE) throw error;
    }
  }
}

async function jobExists(path: string, connection: BusConnection): Promise<boolean> {
  try {
    await connection.call({
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      body: ['org.freedesktop.systemd1.Job', 'State'],
    });
    return true;
  } catch (error) {
    if (error instanceof BusRefusal && /\.(UnknownObject|NoSuchJob|UnknownInterface)$/.test(error.type))
      return false;
    throw error;
  }
}

/** While systemd re-executes itself its name has no owner for a moment. */
function isPassing(error: unknown): boolean {
  return error instanceof BusRefusal || (error instanceof BerthError && error.code === 'systemd-unreachable');
}
