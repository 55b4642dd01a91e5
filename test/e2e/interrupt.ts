import type { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';

/**
 * Starts berth, waits in the host until a shell condition holds, and sends it a signal. Some moments are short: who
 * waits for them looks every millisecond, and goes before all else on this machine.
 */
export async function interrupt(
  host: Host,
  signal: string,
  when: string,
  ...args: string[]
): Promise<RunResult> {
  return await host.run('bash', [
    '-c',
    `berth "$@" & pid=$!
     renice --priority -20 $$ >/dev/null; exec 9<> <(:)
     until ${when}; do kill -0 $pid || break; read -rt 0.001 -u 9; done
     kill -${signal} $pid; wait $pid`,
    'bash',
    ...args,
  ]);
}
