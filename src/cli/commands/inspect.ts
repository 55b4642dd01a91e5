import type { Command } from 'commander';
import { stringify } from 'yaml';
import { notInstalled } from '../../deployment/not-installed.ts';
import { readCurrentRecord } from '../../deployment/record.ts';
import type { Context } from '../context.ts';
import { namedService } from '../named-services.ts';

/** Modes as people write them. */
const readable = (key: unknown, value: unknown) =>
  key === 'mode' && typeof value === 'number' ? value.toString(8).padStart(4, '0') : value;

/** `berth inspect NAME`: everything that is recorded of a service. */
export function addInspect(program: Command, context: Context): void {
  program
    .command('inspect')
    .description('show what is recorded of an installed service')
    .argument('<name>', 'service')
    .option('--json', 'print JSON')
    .action((text: string, options: { json?: boolean }) => {
      const name = namedService(text);
      const record = readCurrentRecord(context.paths, name);
      if (record === undefined) throw notInstalled(name, context.paths);
      if (options.json) {
        context.output.json(record);
        return;
      }
      context.output.data(stringify(record, readable).trimEnd());
    });
}
