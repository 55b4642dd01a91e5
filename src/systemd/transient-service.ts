import { hostProgram } from './host-program.ts';

/** A service that systemd knows while it runs, and that no file is left of (systemd-run(1)). */
export interface TransientService {
  unit: string;
  description: string;
  command: readonly string[];
  /** Lines of its section [Service]. */
  properties: readonly string[];
  /** With a terminal of its own in the place of the caller's. */
  terminal: boolean;
}

/**
 * The command that runs a service with the streams of who calls it, and ends when the service has, with its exit
 * status. Who ends the command early has to stop the unit. Throws `systemd-unreachable`.
 */
export async function transientCommand(service: TransientService): Promise<string[]> {
  const { unit, description, command, properties, terminal } = service;
  return [
    ...[await hostProgram('systemd-run'), '--quiet', '--wait', '--collect', '--service-type=exec'],
    ...[terminal ? '--pty' : '--pipe', `--unit=${unit}`, `--description=${description}`],
    ...properties.map((property) => `--property=${property}`),
    // Else systemd would put variables in.
    ...['--', ...command.map((word) => word.replaceAll('$', '$$$$'))],
  ];
}
