import { cpus, loadavg, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { STATE } from '../host/holder.ts';

/** What a reader has to know of the machine to compare figures: not which one it is. */
export interface Machine {
  cores: number;
  memoryBytes: number;
  kernel: string;
  /** Of the directory that the hosts' disk images are in. */
  fileSystem: string;
  node: string;
  /** The average over a minute before the bench: where it is not far below 1, the machine did other things too. */
  load: number;
}

export async function describeMachine(): Promise<Machine> {
  const place = ['--target', dirname(STATE)];
  const { stdout: fileSystem } = await execa('findmnt', ['--noheadings', '--output', 'FSTYPE', ...place]);
  return {
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: /^[\d.]+\d/.exec(release())?.[0] ?? release(),
    fileSystem,
    node: process.versions.node,
    load: loadavg()[0] ?? Number.NaN,
  };
}
