import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ApplyOptions } from '../deployment/apply/apply.ts';
import { Journal } from '../deployment/apply/journal.ts';
import { stampWritten } from '../deployment/apply/stamp-written.ts';
import { freeMounts } from '../deployment/mounts/free-mounts.ts';
import { BerthError, type ErrorCode, exitStatus } from '../errors.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { keepHeapSmall } from '../linux/heap.ts';
import { acquireReaderLock, acquireWriterLock, type HeldLock, type LockOptions } from '../linux/lock.ts';
import { Paths } from '../paths.ts';
import { readSourceDate } from '../source-date.ts';
import { removeStaging } from '../store/staging.ts';
import { createStore, Store } from '../store/store.ts';
import { ManagerBus } from '../systemd/manager-bus.ts';
import { OfflineSystemd } from '../systemd/offline-systemd.ts';
import type { Systemd } from '../systemd/systemd.ts';
import { GivenAuthFile } from '../transport/registry/auth/given-auth-file.ts';
import { commandLine } from './command-line.ts';
import type { Output } from './output.ts';
import { StepReport } from './progress.ts';
import { type ConsoleStreams, Prompt } from './prompt.ts';

/** It is there where systemd is the init system (sd_booted(3)). */
const BOOTED = '/run/systemd/system';

/** The options of every command, and whether this one is only for root. */
interface Entered {
  root?: string;
  vendor?: boolean;
  anybody?: boolean;
  /** The command line. */
  args?: readonly string[];
}

/** The only place where the parts are wired together. What a command does not use is not opened. */
export class Context {
  readonly output: Output;
  readonly prompt: Prompt;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** What stands behind `--` on the command line: a command with options of its own. */
  readonly command: readonly string[];
  #ending: ErrorCode | number | undefined;
  #paths = new Paths();
  #systemd: Systemd | undefined;
  #atBoot = false;
  #authFile: GivenAuthFile | undefined;

  constructor(output: Output, streams: ConsoleStreams, signal: AbortSignal, command: readonly string[] = []) {
    this.output = output;
    this.prompt = new Prompt(streams);
    this.env = streams.env;
    this.signal = signal;
    this.command = command;
  }

  get paths(): Paths {
    return this.#paths;
  }

  /**
   * Says which system is meant, and which side of it. Throws `usage` for one that is not there or not
   * to be built, `permission` unless this is root's process, or the command is for `anybody`.
   */
  enter({ root = '/', vendor = false, anybody = false, args = [] }: Entered): void {
    if (!anybody && process.getuid?.() !== 0) {
      throw new BerthError('permission', 'berth must run as root: it reads and writes what is root’s alone', {
        hint: `sudo ${commandLine(args)}`,
      });
    }
    // Symlinks on the way to it are left to the kernel: some of /proc lead elsewhere than they say.
    const directory = resolve(root);
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new BerthError('usage', `no such directory: --root ${root}`, {
        hint: `check the spelling, or make it: mkdir ${root}`,
      });
    }
    if (vendor && directory === '/' && existsSync(BOOTED)) {
      throw new BerthError('usage', '--vendor is to build an image of a system: this one runs', {
        hint: 'name the directory of the image: berth --root DIR --vendor …',
      });
    }
    const sourceDate = directory === '/' ? undefined : readSourceDate(this.env);
    this.#paths = new Paths(directory, { side: vendor ? 'vendor' : 'host', sourceDate });
  }

  /**
   * Ends with the status of this code in spite of no error, for what a command found out and has said, or with
   * the status of a program that it ran.
   */
  endWith(ending: ErrorCode | number): void {
    this.#ending = ending;
  }

  get exitStatus(): number {
    const ending = this.#ending ?? 0;
    return typeof ending === 'number' ? ending : exitStatus(ending);
  }

  systemd(): Systemd {
    const { root, isVendor } = this.#paths;
    const follows = !this.#atBoot;
    this.#systemd ??=
      root === '/' && !isVendor
        ? new ManagerBus({ follows })
        : // The links that enable units are the host's, whoever ships the units.
          new OfflineSystemd(new Paths(root));
    return this.#systemd;
  }

  /** Says that what is changed waits for this command, as a boot's: systemd only queues jobs. Before `systemd`. */
  enterBoot(): void {
    this.#atBoot = true;
  }

  /** The auth file that `--authfile` or the environment names, the same for all images of a command. */
  authFile(option: string | undefined): GivenAuthFile | undefined {
    this.#authFile ??= GivenAuthFile.find(option, this.env, this.signal);
    return this.#authFile;
  }

  /** The store, for reading; it may not exist yet. */
  store(): Store {
    return new Store(this.#paths.store);
  }

  /**
   * Does work as the only writer. What an earlier command could not finish is ended first, and said.
   * `recovered` says how. `title` is what others, who wait, are told is running.
   */
  async writing<Result>(
    title: string,
    work: (session: ApplyOptions, recovered: string | undefined) => Promise<Result>,
  ): Promise<Result> {
    const began = Date.now();
    const lock = await this.#lock(title, acquireWriterLock);
    try {
      const store = createStore(this.#paths.store);
      try {
        return await this.#recoverAndDo(store, work);
      } finally {
        this.#clear(store);
      }
    } catch (error) {
      throw fileSystemError(error, `cannot ${title}`, this.#paths.state);
    } finally {
      lock.release();
      stampWritten(this.#paths, began);
    }
  }

  /**
   * What was staged and not put in place, or is mounted no longer, is of no use to anyone, and of no harm: the next
   * writer tries again.
   */
  #clear(store: Store): void {
    try {
      removeStaging(store);
      freeMounts(this.#paths);
    } catch (error) {
      this.output.warn(fileSystemError(error, 'cannot clear up', this.#paths.state).message);
    }
  }

  /**
   * Does work that reads much and must not see half of a change: writers wait meanwhile, other readers
   * need not. What was interrupted is ended first, as by `writing`.
   */
  async reading<Result>(title: string, work: (store: Store) => Promise<Result>): Promise<Result> {
    const began = Date.now();
    const lock = await this.#lock(title, acquireReaderLock);
    try {
      if (new Journal(this.#paths).read() === undefined) return await work(this.store());
    } catch (error) {
      throw fileSystemError(error, `cannot ${title}`, this.#paths.state);
    } finally {
      lock?.release();
      stampWritten(this.#paths, began);
    }
    return await this.writing(title, ({ store }) => work(store));
  }

  async #lock<Lock extends HeldLock | undefined>(
    title: string,
    acquire: (path: string, options: LockOptions) => Promise<Lock>,
  ): Promise<Lock> {
    // Whoever takes a lock may work on images; commands like `list` would only start later.
    keepHeapSmall();
    const { lock } = this.#paths;
    try {
      return await acquire(lock, {
        command: `berth ${title}`,
        signal: this.signal,
        onWait: (holder) =>
          this.output.note(
            holder === undefined
              ? 'waiting for another berth'
              : `waiting for process ${holder.pid} (${holder.command})`,
          ),
      });
    } catch (error) {
      throw fileSystemError(error, 'cannot take the lock', lock);
    }
  }

  async #recoverAndDo<Result>(
    store: Store,
    work: (session: ApplyOptions, recovered: string | undefined) => Promise<Result>,
  ): Promise<Result> {
    const steps = new StepReport(this.output);
    const session: ApplyOptions = {
      paths: this.#paths,
      store,
      systemd: this.systemd(),
      signal: this.signal,
      onStep: (step, event) => steps.show(step, event),
      warn: (text) => this.output.warn(text),
    };
    const { recover } = await import('../deployment/apply/recover.ts');
    const recovered = await recover(session);
    if (recovered !== undefined) this.output.note(recovered);
    return await work(session, recovered);
  }

  async close(): Promise<void> {
    await this.#systemd?.close();
  }
}
