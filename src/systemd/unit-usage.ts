import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';

/** What a unit's processes use now, and have used since its start; null is what the kernel does not count here. */
export interface UnitUsage {
  /** With the page cache that is charged to it. */
  memoryBytes: number | null;
  cpuSeconds: number | null;
  /** Threads, as systemd counts tasks. */
  tasks: number | null;
  ioReadBytes: number | null;
  ioWrittenBytes: number | null;
}

const NOTHING: UnitUsage = {
  memoryBytes: null,
  cpuSeconds: null,
  tasks: null,
  ioReadBytes: null,
  ioWrittenBytes: null,
};

/**
 * What the cgroup of a unit has counted (cgroups(7)), without a question to systemd; nothing for a unit without
 * one. A controller that is not enabled for it, as `MemoryAccounting=no` has it, counts nothing.
 */
export function readUsage(controlGroup: string, mounted = '/sys/fs/cgroup'): UnitUsage {
  if (controlGroup === '') return NOTHING;
  // In version 1 of cgroups each controller has a tree of its own.
  const unified = existsSync(join(mounted, 'cgroup.controllers'));
  const group = (file: string) => (unified ? readCounter(join(mounted, controlGroup, file)) : undefined);
  const older = (controller: string, file: string) =>
    unified ? undefined : readCounter(join(mounted, controller, controlGroup, file));
  const io = group('io.stat');
  return {
    memoryBytes: numberIn(group('memory.current') ?? older('memory', 'memory.usage_in_bytes')),
    cpuSeconds:
      divide(numberIn(group('cpu.stat'), /^usage_usec (\d+)$/m), 1e6) ??
      divide(numberIn(older('cpuacct', 'cpuacct.usage')), 1e9),
    tasks: numberIn(group('pids.current') ?? older('pids', 'pids.current')),
    ioReadBytes: sumOf(io, /\brbytes=(\d+)/g),
    ioWrittenBytes: sumOf(io, /\bwbytes=(\d+)/g),
  };
}

function readCounter(path: string): string | undefined {
  // What no controller counts is the rule on some hosts, and an error costs more than this question.
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    // A cgroup ends with its last process.
    if (isErrno(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}

function numberIn(text: string | undefined, pattern = /^(\d+)$/m): number | null {
  const found = text === undefined ? null : pattern.exec(text);
  return found === null ? null : Number(found[1]);
}

function divide(number: number | null, by: number): number | null {
  return number === null ? null : number / by;
}

/** Of all devices. */
function sumOf(text: string | undefined, pattern: RegExp): number | null {
  if (text === undefined) return null;
  return Array.from(text.matchAll(pattern), ([, bytes]) => Number(bytes)).reduce(
    (sum, each) => sum + each,
    0,
  );
}
