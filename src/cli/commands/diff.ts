import type { Command } from 'commander';
import { compareImages } from '../../layer/compare-images.ts';
import type { ImageContent } from '../../layer/image-content.ts';
import { comparePackages } from '../../layer/packages/compare-packages.ts';
import { readPackages } from '../../layer/packages/read-packages.ts';
import { readImageTree } from '../../layer/stored-layer.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { type ComparedImage, type DiffReportOptions, type ImageDiff, reportDiff } from '../diff-report.ts';
import { type DiffRequest, type DiffSide, diffSides, type WantedSide } from '../diff-sides.ts';
import { pullToStore } from '../pull-to-store.ts';
import { withScratchStore } from '../scratch-store.ts';

interface Options extends DiffRequest, DiffReportOptions {
  authfile?: string;
  json?: boolean;
}

/** `berth diff`: what changes from one image to another. */
export function addDiff(program: Command, context: Context): void {
  program
    .command('diff')
    .description(
      'compare the files and packages of two images, or of a service before and since its last change',
    )
    .argument('<name>', 'service, or image as of berth inspect')
    .argument('[image]', 'image, or service, to compare it with')
    .option('--previous', 'compare a service with what was live before; the default')
    .option('--latest', 'compare with what the tag stands for now')
    .option('--files', 'list every file instead of sums')
    .option('--packages', 'list packages only')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth diff web\n  berth diff --latest --packages web\n  berth diff registry.example.com/httpd:2.4 registry.example.com/httpd:2.6',
    )
    .action(async (name: string, image: string | undefined, options: Options) => {
      const sides = diffSides([name, image], options, context);
      const [before, after] = sides;
      const diff =
        isKnown(before) && isKnown(after)
          ? await context.reading('diff', async () => compare([before, after]))
          : await withScratchStore(context.store(), (store) =>
              fetchAndCompare(sides, store, options, context),
            );
      if (options.json) context.output.json(diff);
      else reportDiff(diff, options, context);
    });
}

function isKnown(side: WantedSide): side is DiffSide {
  return 'diffIds' in side;
}

async function fetchAndCompare(
  [before, after]: readonly [WantedSide, WantedSide],
  store: Store,
  { authfile }: Options,
  context: Context,
): Promise<ImageDiff> {
  const fetched = async (side: WantedSide): Promise<DiffSide> => {
    if (isKnown(side)) return side;
    const { name, manifestDigest, diffIds } = await pullToStore(side, store, { authfile }, context);
    return { image: name, digest: manifestDigest, service: null, deployment: null, diffIds, store };
  };
  return compare([await fetched(before), await fetched(after)]);
}

function compare([before, after]: readonly [DiffSide, DiffSide]): ImageDiff {
  const [old, now] = [readContent(before), readContent(after)];
  const [packages, newPackages] = [readPackages(old), readPackages(now)];
  const unread = [...packages.unread, ...newPackages.unread];
  return {
    before: describe(before),
    after: describe(after),
    files: compareImages(old, now).map((change) => ({ ...change, path: bytesAsText(change.path) })),
    packages: unread.length > 0 ? null : comparePackages(packages.packages, newPackages.packages),
    unread,
  };
}

function readContent({ store, diffIds }: DiffSide): ImageContent {
  return { store, tree: readImageTree(store, diffIds) };
}

function describe({ image, digest, service, deployment }: DiffSide): ComparedImage {
  return { image, digest, service, deployment };
}

/** Names are bytes, most of them UTF-8. */
function bytesAsText(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}
