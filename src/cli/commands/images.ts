import type { Command } from 'commander';
import { summarizeImages } from '../../deployment/image-summary.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { shortDigest } from '../short-digest.ts';

/** `berth images`: what is in the store, by name. */
export function addImages(program: Command, context: Context): void {
  program
    .command('images')
    .description('list the images in the store')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => {
      const images = summarizeImages(context.store());
      if (options.json) context.output.json(images);
      else
        context.output.table(
          ['IMAGE', 'DIGEST', 'SIZE'],
          images.map(({ name, digest, size }) => [name, shortDigest(digest), formatBytes(size)]),
          { elastic: 0 },
        );
    });
}
