import type { Command } from 'commander';
import { type ServicePort, servicePorts } from '../../deployment/ports.ts';
import { readCurrentRecord } from '../../deployment/record.ts';
import { BerthError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { namedServices } from '../named-services.ts';

/** `berth ports`: where services can be reached. */
export function addPorts(program: Command, context: Context): void {
  program
    .command('ports')
    .description('list the sockets that services listen on, and systemd for them')
    .argument('[name...]', 'services; all without any')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth ports web')
    .action(async (names: string[], options: { json?: boolean }) => {
      const { paths, output } = context;
      const systemd = context.systemd();
      if (!systemd.live) {
        throw new BerthError('usage', `nothing runs below ${paths.root}`, { hint: 'leave out --root' });
      }
      const records = namedServices(names, paths).flatMap((name) => readCurrentRecord(paths, name) ?? []);
      const ports = await servicePorts(records, systemd);
      if (options.json) output.json(ports);
      else output.table(['SERVICE', 'PROTOCOL', 'ADDRESS', 'UNIT', 'PROCESS'], ports.map(row));
    });
}

function row({ service, protocol, address, port, unit, pid, process }: ServicePort): string[] {
  const where = port === null ? address : `${address}:${port}`;
  return [service, protocol, where, unit, pid === null ? process : `${process} (${pid})`];
}
