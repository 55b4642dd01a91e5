import type { Command } from 'commander';
import { summarizeImages } from '../../deployment/image-summary.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { shortDigest } from '../short-digest.ts';
import { addImagesRm } from './images-rm.ts';

/** `berth images`: what is in the store, by name. */
export function addImages(program: Command, context: Context): void {
  const images = program
    .command('images')
    .description('list the images in the store; images rm forgets some')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => {
      const stored = summarizeImages(context.store());
      if (options.json) context.output.json(stored);
      else
        context.output.table(
          ['IMAGE', 'DIGEST', 'SIZE'],
          stored.map(({ name, digest, size }) => [name, shortDigest(digest), formatBytes(size)]),
          { elastic: 0 },
        );
    });
  addImagesRm(images, context);
}
