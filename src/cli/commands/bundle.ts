import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { readLimits } from '../../image/limits.ts';
import { hostPlatform, parsePlatform } from '../../image/platform.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import { loadSettings } from '../../settings.ts';
import { bundleImages, type MadeBundle } from '../../transport/bundle/bundle-images.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { openImage, spelledAsNow } from '../open-image.ts';
import { CopyReport } from '../progress.ts';

interface Options {
  output: string;
  platform: string[];
  authfile?: string;
  json?: boolean;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth bundle`: images in one file, to be installed where there is no network. */
export function addBundle(program: Command, context: Context): void {
  program
    .command('bundle')
    .description('write images into one archive, for hosts without a network')
    .argument('[image...]', 'images of any transport, such as registry.example.com/httpd:2.4')
    .requiredOption(
      '-o, --output <file>',
      'the archive; if it is an earlier bundle, only what is new is fetched',
    )
    .option(
      '--platform <os/arch>',
      'for hosts of this platform instead of this one’s; may be repeated',
      collect,
      [],
    )
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  berth bundle -o services.tar --platform linux/arm64 registry.example.com/httpd:2.4',
    )
    .action((images: string[], options: Options) => bundle(images, options, context));
}

async function bundle(words: string[], options: Options, context: Context): Promise<void> {
  if (words.length === 0) {
    throw new BerthError('usage', "missing required argument 'image'", { hint: 'berth bundle --help' });
  }
  const path = resolve(options.output);
  const report = new CopyReport(context.output);
  const platforms = options.platform.length === 0 ? [hostPlatform()] : options.platform.map(parsePlatform);
  const request = {
    images: words.map((word) => spelledAsNow(word, context)),
    open: (image: string) => openImage(parseImageReference(image), options.authfile, context),
    platforms,
    limits: readLimits(loadSettings(context.paths).limits),
  };
  try {
    const onProgress = report.show.bind(report);
    tell(path, await bundleImages(path, request, { signal: context.signal, onProgress }), options, context);
  } catch (error) {
    throw fileSystemError(error, 'cannot write', path);
  }
}

function tell(path: string, made: MadeBundle, { json }: Options, { output }: Context): void {
  const { layers, bytes, fetchedBytes } = made;
  const images = made.images
    .map(({ name, spellings, top: { digest } }) => ({ name, spellings, digest }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (json) {
    output.json({ path, images, layers, bytes, fetchedBytes });
    return;
  }
  output.note(
    `wrote ${path}: ${images.length} images, ${formatBytes(bytes)}, ${formatBytes(fetchedBytes)} fetched`,
  );
  output.table(
    ['IMAGE', 'DIGEST'],
    images.map(({ name, digest }) => [name, digest]),
    { elastic: 1 },
  );
}
