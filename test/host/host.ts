import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { registryStorage } from '../images/cache.ts';
import { CHECKOUT } from './checkout.ts';
import { addUplink, furnish } from './furnish.ts';
import { Holder } from './holder.ts';
import { leftovers } from './leftovers.ts';
import { Machine } from './machine.ts';
import type { RunOptions, RunResult } from './run.ts';

export interface HostOptions {
  /** `host` without it. */
  hostname?: string;
  /** Serve the test images on 127.0.0.1:5000; `bigfile` adds the image of that name. */
  registry?: boolean | 'bigfile';
  /** A network device with the address 192.0.2.10 and a default route, that leads nowhere; without it only `lo`. */
  uplink?: boolean;
  /** Put /var/lib/berth on an ext4 file system of this size instead of in memory. */
  storeMiB?: number;
  /** Put all else that the host writes, but logs, on an ext4 file system of this size, for `cutPower`. */
  diskMiB?: number;
  /** A tar archive of a system: that one boots, as it is, with nothing of this machine in it, not even berth. */
  tree?: string;
}

/**
 * A throwaway systemd host: this machine's files under an overlay, with a real PID 1, journal, D-Bus,
 * cgroups and network of its own. Nothing done in it reaches this machine, and nothing of it stays.
 *
 *     await using host = await Host.boot({ registry: true });
 *     const result = await host.berth('install', '127.0.0.1:5000/etcd');
 */
export class Host {
  readonly #holder: Holder;
  #machine: Machine | undefined;
  #boots = 0;
  /** Arguments for systemd-nspawn that show the checkout, and with it berth. */
  #mounts = [`--bind-ro=${CHECKOUT}`];

  private constructor(holder: Holder) {
    this.#holder = holder;
  }

  static async boot(options: HostOptions = {}): Promise<Host> {
    const registry = options.registry ?? false;
    const holder = await Holder.start({
      ...(registry === false ? {} : { registryLayers: await registryStorage(registry === 'bigfile') }),
      ...(options.storeMiB === undefined ? {} : { storeMiB: options.storeMiB }),
      ...(options.diskMiB === undefined ? {} : { diskMiB: options.diskMiB }),
      ...(options.tree === undefined ? {} : { tree: options.tree }),
    });
    const host = new Host(holder);
    try {
      if (options.tree === undefined) {
        await furnish(holder.root, {
          hostname: options.hostname ?? 'host',
          registry: registry !== false,
          uplink: options.uplink ?? false,
        });
      } else {
        host.#mounts = [];
        if (options.uplink) await addUplink(holder.root);
      }
      await host.#start();
    } catch (error) {
      await holder.release();
      throw error;
    }
    return host;
  }

  /** Unique among all hosts of this machine, for `leftovers`. */
  get name(): string {
    return this.#holder.name;
  }

  /** The host's PID 1 as this machine numbers it, until the next reboot. */
  get init(): number {
    return this.#running.init;
  }

  /**
   * The host's path as this process can open it, for reading and writing its files without a command.
   * Valid until the next reboot. An absolute symlink below it leads to this machine's files.
   */
  path(inside: string): string {
    return join(`/proc/${this.init}/root`, inside);
  }

  /** Where all is that the host writes, but for its /run, /tmp, logs and store, as this process can open it. */
  get written(): string {
    return this.#holder.written;
  }

  /** Runs a program as root in the host. A failure is for the caller to judge: see `exitCode`. */
  async run(command: string, args: string[] = [], options: RunOptions = {}): Promise<RunResult> {
    return await this.#running.run(command, args, options);
  }

  /** Runs a shell script that must succeed, and returns what it printed on stdout. */
  async sh(script: string, options: RunOptions = {}): Promise<string> {
    const { stdout, combined, exitCode } = await this.run(
      'bash',
      ['-euo', 'pipefail', '-c', script],
      options,
    );
    if (exitCode !== 0) {
      throw new Error(`exit status ${exitCode} from: ${script}\n${combined}`);
    }
    return stdout;
  }

  /** Runs the built berth of this checkout. */
  async berth(...args: string[]): Promise<RunResult> {
    return await this.run('berth', args);
  }

  /** The messages of a unit since the last boot, one a line. */
  async journal(unit: string): Promise<string> {
    return await this.sh(`journalctl --sync; journalctl --boot --unit '${unit}' --output cat --no-pager`);
  }

  /** Shuts the host down and boots it again: files stay, except on /run and /tmp. */
  async reboot(): Promise<void> {
    await this.#running.shutDownForReboot();
    await this.#start();
  }

  /**
   * Has the disks of a host with `storeMiB` and `diskMiB` fail until `cutPower`, or that below /var/lib/berth
   * alone: what had not reached them is lost; with `flushed`, what is in the file systems' own journals does
   * reach them.
   */
  async failDisks(places: 'all' | 'store', { flushed = false } = {}): Promise<void> {
    await this.#holder.failDisks(places, flushed);
  }

  /** Cuts the power of such a host and boots it again: whatever ran is gone, and what had not reached the disks. */
  async cutPower({ flushed = false } = {}): Promise<void> {
    await this.#holder.failDisks('all', flushed);
    await this.#holder.cutPower();
    await this.#start();
  }

  /** Takes berth, its checkout and every node from the host, until its end. */
  async removePrograms(): Promise<void> {
    this.#mounts = [`--tmpfs=${CHECKOUT}:mode=755`];
    const programs = ['berth', 'node', 'nodejs', 'npm', 'npx'];
    const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];
    await this.sh(
      `rm -f ${places.flatMap((place) => programs.map((program) => `${place}/${program}`)).join(' ')}`,
    );
    if (!process.execPath.startsWith(`${CHECKOUT}/`)) {
      await rm(join(this.path(dirname(process.execPath)), basename(process.execPath)), { force: true });
    }
    await this.sh(`mount -t tmpfs -o ro,mode=755 tmpfs '${CHECKOUT}'`);
  }

  /** Ends the host and everything in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.release();
  }

  /** What a host left behind on this machine, one line each; nothing after it was disposed of. */
  static async leftovers(name: string): Promise<string[]> {
    return await leftovers(name);
  }

  get #running(): Machine {
    if (this.#machine === undefined) {
      throw new Error('the throwaway host does not run');
    }
    return this.#machine;
  }

  async #start(): Promise<void> {
    this.#machine = undefined;
    this.#boots += 1;
    this.#machine = await Machine.start(this.#holder, {
      boot: this.#boots,
      // At the checkout's own path, wherever that is: the host has its own /tmp and /run over ours.
      mounts: this.#mounts,
    });
  }
}
