import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromReader, ToReader } from './messages.ts';

/** Milliseconds that one case has at least: the slowest needs a few hundred, on a machine with nothing else to do. */
const DEADLINE = 30_000;

/** MiB; V8 would take far more on a large machine before it collects anything. */
const MOST_HEAP = 192;

/** A process that reads cases in a directory of its own. One that failed, crashed or hung is replaced by a new one. */
export class WatchedReader {
  // In memory where that can be: thousands of small files are made and synced.
  readonly #directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'berth-fuzz-'));
  #process: ChildProcess | undefined;

  /** What came of it; a crash and a hang are failures of the case that was being read. */
  async run(message: ToReader): Promise<FromReader> {
    this.#process ??= await this.#start();
    const reader = this.#process;
    const { promise, resolve } = Promise.withResolvers<FromReader>();
    const fail = (error: string) => {
      const index = Number(this.#reading);
      const cases = message.do === 'range' ? index - message.from + 1 : 1;
      resolve({ cases, accepted: 0, compared: 0, memory: 0, failure: { index, error } });
    };
    const exited = (status: number | null, signal: string | null) =>
      fail(`the process ended: ${signal ?? status}`);
    let before = '';
    const watch = setInterval(() => {
      const now = this.#reading;
      if (now === before) fail(`not read within ${DEADLINE / 1000} s`);
      before = now;
    }, DEADLINE);
    reader.once('message', resolve).once('exit', exited);
    reader.send(message);
    const result = await promise;
    clearInterval(watch);
    reader.off('message', resolve).off('exit', exited);
    if (result.failure !== undefined) await this.#stop();
    return result;
  }

  /** Ends the case that is being read, as if it had crashed. */
  interrupt(): void {
    this.#process?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    rmSync(this.#directory, { recursive: true });
  }

  /** The index of the case that is being read. */
  get #reading(): string {
    return readFileSync(this.#place, 'utf8');
  }

  get #place(): string {
    return join(this.#directory, 'reading');
  }

  async #start(): Promise<ChildProcess> {
    const cwd = join(this.#directory, 'work');
    mkdirSync(cwd, { recursive: true });
    const reader = fork(join(import.meta.dirname, 'reader.ts'), [this.#place], {
      cwd,
      // A Ctrl-C is for the process that can clear up.
      detached: true,
      execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${MOST_HEAP}`],
    });
    await once(reader, 'message');
    return reader;
  }

  async #stop(): Promise<void> {
    const reader = this.#process;
    this.#process = undefined;
    if (reader === undefined || reader.exitCode !== null || reader.signalCode !== null) return;
    reader.kill('SIGKILL');
    await once(reader, 'exit');
  }
}
