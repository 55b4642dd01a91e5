import type { Host } from '../host/host.ts';

/** What one run of a command took. */
export interface Run {
  /** Wall time. */
  seconds: number;
  /** User and system time of the command and of all that it waited for. */
  cpuSeconds: number;
  /** Peak resident memory of the largest process, threads and mapped program included (ru_maxrss). */
  peakBytes: number;
}

/** Runs a shell command in a host under time(1); a failure is an error. */
export async function measure(host: Host, command: string): Promise<Run> {
  const [began, ended, user, system, kibibytes] = await numbers(
    host,
    `began=$EPOCHREALTIME
    /usr/bin/time --format '%U %S %M' --output /tmp/bench bash -euo pipefail -c ${quoted(command)} >&2
    echo $began $EPOCHREALTIME $(cat /tmp/bench)`,
  );
  return { seconds: ended - began, cpuSeconds: user + system, peakBytes: kibibytes * 1024 };
}

/**
 * Wall time in seconds of a command that is too short to be measured with another program around it. What it
 * prints is lost: a container that it starts would hold on to the pipe.
 */
export async function clock(host: Host, command: string): Promise<number> {
  const [began, ended] = await numbers(
    host,
    `began=$EPOCHREALTIME; ${command} >/dev/null 2>&1; echo $began $EPOCHREALTIME`,
  );
  return ended - began;
}

async function numbers(host: Host, script: string): Promise<[number, number, number, number, number]> {
  const output = await host.sh(script, { timeout: 900_000 });
  const [a = Number.NaN, b = Number.NaN, c = 0, d = 0, e = 0] = output.split(' ').map(Number);
  return [a, b, c, d, e];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
