import { constants } from 'node:os';
import { execa } from 'execa';

export interface RunOptions {
  /** Added to PATH, HOME, LANG and USER: nothing of the caller's environment is passed on. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Working directory, `/` without it. */
  cwd?: string;
  /** Milliseconds, 120,000 without it. Running longer is an error, and the command is killed. */
  timeout?: number;
}

export interface RunResult {
  /** Without the last newline. */
  stdout: string;
  stderr: string;
  /** Both, in the order of arrival. */
  combined: string;
  /** 128 and the signal's number for a command that a signal ended, as in a shell. */
  exitCode: number;
}

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LANG: 'C.UTF-8',
};

/** What coreutils' timeout answers when the time was up. */
const TIMED_OUT = 124;

/** Runs a command in the namespaces and in a cgroup of a machine whose PID 1 is `init`. */
export async function runInside(
  init: number,
  cgroup: string,
  command: string,
  args: string[],
  options: RunOptions,
): Promise<RunResult> {
  const timeout = options.timeout ?? 120_000;
  const environment = Object.entries({ ...ENVIRONMENT, ...options.env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const result = await execa(
    'sh',
    [
      '-c',
      // In the machine's cgroups: it would otherwise be a stranger there that no shutdown ends.
      'echo $$ >"$1/cgroup.procs"; shift; exec "$@"',
      'sh',
      cgroup,
      ...[
        'nsenter',
        '--target',
        String(init),
        '--mount',
        '--uts',
        '--ipc',
        '--net',
        '--pid',
        '--cgroup',
        '--',
      ],
      ...['setpriv', '--pdeathsig', 'KILL'],
      ...['env', '--ignore-environment', `--chdir=${options.cwd ?? '/'}`, ...environment],
      // nsenter does not pass a signal on, so the clock runs inside.
      ...['timeout', '--kill-after=5', String(timeout / 1000)],
      command,
      ...args,
    ],
    {
      reject: false,
      all: true,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    },
  );
  const { stdout, stderr, all: combined } = result;
  if (result.exitCode === TIMED_OUT) {
    throw new Error(`${command} ${args.join(' ')}: still running after ${timeout} ms\n${combined}`);
  }
  const exitCode = result.exitCode ?? 128 + (result.signal ? constants.signals[result.signal] : 0);
  return { stdout, stderr, combined, exitCode };
}
