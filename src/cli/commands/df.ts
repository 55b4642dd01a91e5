import type { Command } from 'commander';
import { type DiskUsage, measureDisk } from '../../deployment/disk-usage/measure-disk.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { shortDigest } from '../short-digest.ts';

/** `berth df`: what all that berth keeps takes on the disk. */
export function addDf(program: Command, context: Context): void {
  program
    .command('df')
    .description(
      'show what images, deployments and all else of berth take on the disk, and what prune would free',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth df')
    .action(async (options: { json?: boolean }) => {
      const usage = await context.reading('df', async (store) => measureDisk(context.paths, store));
      if (options.json) context.output.json(usage);
      else report(usage, context);
    });
}

function report(usage: DiskUsage, { output }: Context): void {
  const { files, layers, blobs, staging, deployments, mounts, runs, journal } = usage;
  const kinds = {
    ...{ files, layers, 'manifests and configs': blobs, staging },
    ...{ deployments, mounts, runs, journal },
  };
  output.table(
    ['WHAT', 'COUNT', 'SIZE'],
    [
      ...Object.entries(kinds).map(([what, { count, bytes }]) => [what, String(count), formatBytes(bytes)]),
      ['total', '', formatBytes(usage.totalBytes)],
    ],
  );
  if (usage.images.length > 0) {
    output.data('');
    output.table(
      ['IMAGE', 'DIGEST', 'OWN', 'SHARED', 'SERVICES'],
      usage.images.map(({ names, digest, ownBytes, sharedBytes, services }) => [
        ...[names.join(' '), shortDigest(digest), formatBytes(ownBytes), formatBytes(sharedBytes)],
        String(services.length),
      ]),
      { elastic: 0 },
    );
  }
  const [prune, all, free] = [usage.prunableBytes, usage.prunableAllBytes, usage.freeBytes].map(formatBytes);
  output.note(`berth prune would free ${prune}, berth prune --all ${all}; ${free} are free`);
}
