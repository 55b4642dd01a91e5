import type { Command } from 'commander';
import { listHistory } from '../../deployment/list-history.ts';
import type { Context } from '../context.ts';
import { namedService } from '../named-services.ts';
import { shortDigest } from '../short-digest.ts';

/** `berth history`: the deployments of a service that one can go back to. */
export function addHistory(program: Command, context: Context): void {
  program
    .command('history')
    .description('list the deployments of a service that are kept, and what failed last')
    .argument('<name>', 'service')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth history web')
    .action((text: string, options: { json?: boolean }) => {
      const entries = listHistory(context.paths, namedService(text));
      if (options.json) {
        context.output.json(entries);
        return;
      }
      const several = entries.some(({ origin }) => origin === 'vendor');
      const foreign = entries.some(({ rootfs }) => rootfs !== null);
      const headers = [
        ...['DEPLOYMENT', 'STATE', 'DIGEST', 'VERSION', ...(foreign ? ['ROOTFS'] : []), 'CREATED'],
        ...(several ? ['ORIGIN'] : []),
        'WHY',
      ];
      context.output.table(
        headers,
        entries.map(({ number, origin, state, digest, version, rootfs, created, why }) => [
          number === null ? '-' : String(number),
          state,
          shortDigest(digest),
          version ?? '-',
          ...(foreign ? [rootfs ?? '-'] : []),
          context.output.moment(created),
          ...(several ? [origin] : []),
          why,
        ]),
        {
          paint: (text) => (text === 'current' ? 'green' : text === 'failed' ? 'red' : undefined),
          elastic: headers.length - 1,
          wraps: true,
        },
      );
    });
}
