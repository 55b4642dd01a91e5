import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** Where hosts of this machine keep what they need while they run; on disk, for disk images. */
export const STATE = '/var/tmp/berth-test';

/** Every host's name begins so: its directory, its cgroups and its machine name carry it. */
const PREFIX = 'berth-test';

/** Below a host's directory. */
const STORE = 'root/var/lib/berth';

const SCRIPT = fileURLToPath(new URL('holder.sh', import.meta.url));

export interface HolderOptions {
  /** Directories that together make the registry's storage, the uppermost first. */
  registryLayers?: string[];
  /** Size of the file system below /var/lib/berth; without it, memory. */
  storeMiB?: number;
  /** Size of a file system for all else that the host writes but its logs; without it, memory. */
  diskMiB?: number;
  /** A tar archive of a system to boot in the place of this machine's. */
  tree?: string;
}

/**
 * The mount namespace of a host: an overlay over this machine's root, which no other process sees.
 * It outlives a killed test just long enough to clean up: it waits for the end of a pipe that this
 * process holds.
 */
export class Holder {
  readonly name: string;
  readonly pid: number;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;

  private constructor(name: string, process: ChildProcessByStdio<Writable, Readable, Readable>, pid: number) {
    this.name = name;
    this.#process = process;
    this.pid = pid;
  }

  static async start(options: HolderOptions): Promise<Holder> {
    await reapDead();
    const name = `${PREFIX}-${process.pid}-${randomBytes(3).toString('hex')}`;
    const dir = join(STATE, name);
    await mkdir(dir, { recursive: true });
    const store = await makeImage(dir, 'store', options.storeMiB);
    const disk = await makeImage(dir, 'disk', options.diskMiB);
    const child = spawn(
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        'sh',
        SCRIPT,
        'hold',
        dir,
        name,
        (options.registryLayers ?? []).join(':'),
        store,
        disk,
        options.tree ?? '',
      ],
      // A group of its own, so that Ctrl-C reaches the tests and not the one who cleans up.
      { detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const stderr = text(child.stderr);
    const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => [])]);
    if (child.pid === undefined || String(first[0]).trim() !== 'ready') {
      throw new Error(`the host's file systems were not set up: ${await stderr}`);
    }
    // A test that forgets its host still ends, and the host with it.
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr] as unknown as { unref(): void }[]) {
      stream.unref();
    }
    return new Holder(name, child, child.pid);
  }

  /** The host's directory as the processes in this namespace name it. */
  get dir(): string {
    return join(STATE, this.name);
  }

  /** The host's root directory, for use from this process. Beware of absolute symlinks below it. */
  get root(): string {
    return `/proc/${this.pid}/root${this.dir}/root`;
  }

  /** Where all is that the host writes, but for its /run, /tmp, logs and store; for use from this process. */
  get written(): string {
    const place = existsSync(join(this.dir, 'disk.img')) ? 'disk' : 'memory';
    return `/proc/${this.pid}/root${this.dir}/${place}`;
  }

  /**
   * Has the disks of a host that has a disk and a store fail until `cutPower`, or the store alone: what did not
   * reach them is lost; with `flushed`, what is in the file systems' own journals does reach them.
   */
  async failDisks(places: 'all' | 'store', flushed: boolean): Promise<void> {
    const disks = places === 'all' ? ['disk', STORE] : [STORE];
    await this.#change('fail', flushed ? '1' : '2', ...disks);
  }

  /** Kills what runs in a host whose disks failed, and mounts them again. */
  async cutPower(): Promise<void> {
    await this.#change('cut', join(this.dir, 'disk.img'), join(this.dir, 'store.img'));
  }

  async #change(verb: string, ...args: string[]): Promise<void> {
    const script = ['sh', SCRIPT, verb, this.dir, this.name, ...args];
    await execa('nsenter', ['--target', String(this.pid), '--mount', '--', ...script]);
  }

  /** Kills what runs in the host and removes every trace of it. */
  async release(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
      return;
    }
    const exited = once(this.#process, 'exit');
    this.#process.ref();
    this.#process.stdin.end();
    await exited;
  }
}

/** An empty file for a file system of this size; the empty string when none is wanted. */
async function makeImage(dir: string, name: string, mebibytes: number | undefined): Promise<string> {
  if (mebibytes === undefined) return '';
  const image = join(dir, `${name}.img`);
  await execa('truncate', ['--size', `${mebibytes}M`, image]);
  return image;
}

/** Removes what hosts left whose test and holder are both dead: both were killed, or the power was cut. */
async function reapDead(): Promise<void> {
  for (const name of existsSync(STATE) ? await readdir(STATE) : []) {
    const owner = /^berth-test-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner)) && !(await hasHolder(name))) {
      await execa('sh', [SCRIPT, 'release', join(STATE, name), name]);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function hasHolder(name: string): Promise<boolean> {
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    // A process may end while this reads.
    processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.some((line) => line.includes('holder.sh') && line.split('\0').includes(name));
}
