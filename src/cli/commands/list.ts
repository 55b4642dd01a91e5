import type { Command } from 'commander';
import { type ServiceSummary, summarizeServices } from '../../deployment/summary.ts';
import { rootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import type { Context } from '../context.ts';
import type { Color } from '../output.ts';
import { shortDigest } from '../short-digest.ts';

/** `berth list`: the installed services and what systemd says of each. */
export function addList(program: Command, context: Context): void {
  program
    .command('list')
    .description('list the installed services')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth list --json')
    .action(async (options: { json?: boolean }) => {
      const services = await summarizeServices(context.paths, context.systemd());
      if (options.json) context.output.json(services);
      else {
        const several = services.some(({ origin }) => origin !== 'host');
        context.output.table(
          ['NAME', 'STATE', 'ENABLED', 'IMAGE', 'DIGEST', 'DEPLOYMENT', ...(several ? ['ORIGIN'] : [])],
          services.map((service) => [...row(service), ...(several ? [service.origin] : [])]),
          { paint, elastic: 3 },
        );
      }
    });
}

function row(service: ServiceSummary): string[] {
  return [
    service.name,
    service.state,
    service.enabled,
    imageOf(service),
    shortDigest(service.digest),
    String(service.deployment),
  ];
}

/** With what it runs on, where that says more. */
function imageOf({ image, rootfs }: ServiceSummary): string {
  return rootfs === null || image === rootfsImageName(rootfs) ? image : `${image} on ${rootfs}`;
}

function paint(text: string, column: number): Color | undefined {
  if (column !== 1) return undefined;
  if (text.startsWith('active')) return 'green';
  return text.startsWith('failed') ? 'red' : 'dim';
}
