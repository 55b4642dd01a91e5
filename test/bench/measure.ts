import type { Host } from '../host/host.ts';

/** What one run of a program took. */
export interface Measurement {
  command: string;
  /** Wall time. */
  seconds: number;
  /** Peak resident memory of the program or of its largest child, by the kernel's count (ru_maxrss). */
  peakBytes: number;
}

/** Runs a program in a host under time(1); a failure is an error. */
export async function measure(host: Host, command: string, ...args: string[]): Promise<Measurement> {
  const report = '/tmp/bench';
  const format = ['--format', '%e %M', '--output', report];
  const timeout = 600_000;
  const { exitCode, combined } = await host.run('/usr/bin/time', [...format, command, ...args], { timeout });
  const line = [command, ...args].join(' ');
  if (exitCode !== 0) throw new Error(`exit status ${exitCode} from ${line}\n${combined}`);
  const [seconds, kibibytes] = (await host.sh(`cat ${report}`)).split(' ').map(Number);
  return { command: line, seconds: seconds ?? 0, peakBytes: (kibibytes ?? 0) * 1024 };
}

/** The median run of several, by time: the first of them warms what the others use. */
export async function measureOften(host: Host, command: string, ...args: string[]): Promise<Measurement> {
  const runs: Measurement[] = [];
  for (let count = 0; count < 9; count += 1) runs.push(await measure(host, command, ...args));
  const sorted = runs.sort((a, b) => a.seconds - b.seconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new Error('nothing was measured');
  return median;
}
