import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `berth recover`: ends what was interrupted, as every other command that writes does first. */
export function addRecover(program: Command, context: Context): void {
  program
    .command('recover')
    .description('finish or undo what was interrupted, and say so')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth recover')
    .action(async ({ json }: { json?: boolean }) => {
      const recovered = await context.writing('recover', async (_, ended) => ended ?? null);
      if (json) context.output.json({ recovered });
      else if (recovered === null) context.output.note('nothing was interrupted');
    });
}
