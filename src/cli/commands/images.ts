import type { Command } from 'commander';
import { summarizeImages } from '../../deployment/image-summary.ts';
import { Store } from '../../store/store.ts';
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
    .addHelpText('after', '\nExample:\n  berth images --json')
    .action((options: { json?: boolean }) => {
      const { paths, output } = context;
      const stored = paths.sides.flatMap(({ store, isVendor }) => {
        const origin = isVendor ? 'vendor' : 'host';
        return summarizeImages(new Store(store)).map((image) => ({ ...image, origin }));
      });
      const several = stored.some(({ origin }) => origin !== 'host');
      if (options.json) output.json(stored);
      else
        output.table(
          ['IMAGE', 'DIGEST', 'SIZE', ...(several ? ['ORIGIN'] : [])],
          stored.map(({ name, digest, size, origin }) => [
            ...[name, shortDigest(digest), formatBytes(size)],
            ...(several ? [origin] : []),
          ]),
          { elastic: 0 },
        );
    });
  addImagesRm(images, context);
}
