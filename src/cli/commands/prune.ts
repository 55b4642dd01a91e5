import type { Command } from 'commander';
import { type PrunedImages, type PruneImagesOptions, pruneImages } from '../../deployment/prune-images.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';

interface Options {
  all?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `berth prune`: frees what the store keeps and nothing needs. */
export function addPrune(program: Command, context: Context): void {
  program
    .command('prune')
    .description('free the space of what no service and no name of an image needs')
    .option('-a, --all', 'forget the names of images that no service uses, too')
    .option('--dry-run', 'print what would be freed, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth prune --all --dry-run')
    .action(async (options: Options) => {
      const wanted: PruneImagesOptions = { dryRun: options.dryRun ?? false, all: options.all ?? false };
      const pruned = wanted.dryRun
        ? await context.reading('prune --dry-run', async (store) => pruneImages(context.paths, store, wanted))
        : await context.writing('prune', async ({ store }) => pruneImages(context.paths, store, wanted));
      if (options.json) context.output.json({ dryRun: wanted.dryRun, ...pruned });
      else report(pruned, wanted, context);
    });
}

function report(pruned: PrunedImages, { dryRun }: PruneImagesOptions, { output }: Context): void {
  const { images, layers, objects, blobs, freedBytes } = pruned;
  for (const name of images) output.data(name);
  const counts = `layers: ${layers}, files: ${objects}, manifests and configs: ${blobs}`;
  output.note(`${dryRun ? 'would free' : 'freed'} ${formatBytes(freedBytes)} (${counts})`);
}
