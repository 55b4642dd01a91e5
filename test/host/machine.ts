import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holder } from './holder.ts';
import { type RunOptions, type RunResult, runInside } from './run.ts';

/** How systemd-nspawn ends when the machine in it reboots and is to be started again (EXIT_FORCE_RESTART). */
const REBOOTED = 133;

/** Milliseconds until a boot or a shutdown counts as stuck. */
const PATIENCE = 60_000;

export interface MachineOptions {
  /** Which boot of the host this is: each has cgroups of its own. */
  boot: number;
  /** Further arguments for systemd-nspawn, mounts of the checkout above all. */
  mounts: string[];
}

/** One boot of a host: systemd as PID 1 below systemd-nspawn, in namespaces of its own. */
export class Machine {
  /** The machine's PID 1, as this process numbers it. */
  readonly init: number;
  readonly #cgroup: string;
  readonly #nspawn: ChildProcess;

  private constructor(init: number, cgroup: string, nspawn: ChildProcess) {
    this.init = init;
    this.#cgroup = cgroup;
    this.#nspawn = nspawn;
  }

  /** Resolves when every job of the boot is done. */
  static async start(holder: Holder, options: MachineOptions): Promise<Machine> {
    // Without a cgroup of its own, nspawn would share those of the tests with every other host.
    const cgroup = join(unifiedHierarchy(), holder.name, `boot-${options.boot}`);
    await mkdir(cgroup, { recursive: true });
    const log = `/proc/${holder.pid}/root${holder.dir}/memory/console`;
    const console = await open(log, 'a');
    const nspawn = spawn('sh', nspawnArguments(holder, cgroup, options), {
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
      stdio: ['ignore', console.fd, console.fd],
      detached: true,
    });
    nspawn.unref();
    await console.close();
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const init = await firstProcess(join(cgroup, 'payload/init.scope/cgroup.procs'));
      if (init !== undefined) {
        const machine = new Machine(init, cgroup, nspawn);
        if (await machine.#isUp()) {
          return machine;
        }
      }
      if (nspawn.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the throwaway host did not boot:\n${await readFile(log, 'utf8')}`);
      }
      await sleep(20);
    }
  }

  async run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
    return await runInside(this.init, join(this.#cgroup, 'payload/init.scope'), command, args, options);
  }

  /** Resolves when the machine has asked to be started again. */
  async shutDownForReboot(): Promise<void> {
    const asked = await this.run('systemctl', ['--no-block', 'reboot']);
    const deadline = Date.now() + PATIENCE;
    while (this.#nspawn.exitCode === null && Date.now() < deadline) {
      await sleep(20);
    }
    if (this.#nspawn.exitCode !== REBOOTED) {
      const jobs =
        this.#nspawn.exitCode === null ? await this.run('systemctl', ['list-jobs', '--no-pager']) : asked;
      throw new Error(
        `the throwaway host did not reboot: systemd-nspawn ended with ${this.#nspawn.exitCode}, systemctl with ${asked.exitCode}: ${asked.combined}\n${jobs.combined}`,
      );
    }
  }

  async #isUp(): Promise<boolean> {
    // Fails until the manager listens; then waits for the end of the boot. "degraded" is a boot with a
    // failed unit, which is for the test to judge.
    const { stdout } = await this.run('systemctl', ['is-system-running', '--wait']);
    return stdout === 'running' || stdout === 'degraded';
  }
}

function nspawnArguments(holder: Holder, cgroup: string, options: MachineOptions): string[] {
  return [
    '-c',
    'echo $$ >"$1/cgroup.procs"; shift; exec "$@"',
    'sh',
    cgroup,
    ...['nsenter', '--target', String(holder.pid), '--mount', '--'],
    'systemd-nspawn',
    ...['--quiet', '--register=no', '--keep-unit', '--boot', '--private-network', '--console=passive'],
    `--directory=${holder.dir}/root`,
    `--machine=${holder.name}`,
    // Container runtimes run inside.
    '--capability=all',
    '--system-call-filter=@keyring bpf @mount @privileged',
    // The host's files are what the test made them.
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no'],
    ...options.mounts,
  ];
}

/** Where cgroup v2 is: the whole tree, or a part of it on machines that still have v1. */
function unifiedHierarchy(): string {
  for (const place of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
    if (existsSync(join(place, 'cgroup.controllers'))) {
      return place;
    }
  }
  throw new Error('no cgroup v2 hierarchy below /sys/fs/cgroup: the throwaway host needs one');
}

async function firstProcess(procs: string): Promise<number | undefined> {
  if (!existsSync(procs)) {
    return undefined;
  }
  return Number((await readFile(procs, 'utf8')).split('\n')[0]) || undefined;
}
