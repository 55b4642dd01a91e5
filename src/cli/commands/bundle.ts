import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { readLimits } from '../../image/limits.ts';
import { parsePlatform } from '../../image/platform.ts';
import { targetPlatform } from '../../image/target-platform.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { fittingLock, readLock } from '../../provision/lock/host-lock.ts';
import { loadSettings } from '../../settings.ts';
import { bundleImages, type MadeBundle } from '../../transport/bundle/bundle-images.ts';
import { formatBytes } from '../bytes.ts';
import type { Context } from '../context.ts';
import { spelledAsNow } from '../open-image.ts';
import { openLocked } from '../open-locked.ts';
import { CopyReport } from '../progress.ts';
import { readDeclared } from '../read-declared.ts';

interface Options {
  file?: string;
  locked?: boolean;
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
    .option(
      '-f, --file <file>',
      'all images of this host.yaml, or of all *.yaml of a directory, or - for standard input',
    )
    .option('--locked', 'fail unless host.lock has all of them')
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
      '\nExamples:\n  berth bundle -o services.tar --platform linux/arm64 registry.example.com/httpd:2.4\n' +
        '  berth bundle -o services.tar -f host.yaml',
    )
    .action((images: string[], options: Options) => bundle(images, options, context));
}

async function bundle(words: string[], options: Options, context: Context): Promise<void> {
  const path = resolve(options.output);
  const { images, lock } = await readImages(words, options, context);
  const { paths, output, signal } = context;
  const request = {
    images,
    open: (image: string) => openLocked(image, { lock, authfile: options.authfile }, context),
    platforms: options.platform.length === 0 ? [targetPlatform(paths)] : options.platform.map(parsePlatform),
    limits: readLimits(loadSettings(paths).limits),
  };
  const report = new CopyReport(output);
  try {
    const onProgress = report.show.bind(report);
    tell(path, await bundleImages(path, request, { signal, onProgress }), options, context);
  } catch (error) {
    throw fileSystemError(error, 'cannot write', path);
  }
}

/** The images that a command line names, and those that a file declares, with its lock. */
async function readImages(words: string[], { file, locked }: Options, context: Context) {
  const named = words.map((word) => spelledAsNow(word, context));
  if (file === undefined) {
    if (named.length > 0 && !locked) return { images: named, lock: undefined };
    throw new BerthError('usage', 'no host.yaml is named', { hint: 'name images, or a file with -f' });
  }
  const { services, lockFile } = await readDeclared(file, context);
  const lock = lockFile === undefined ? undefined : readLock(lockFile);
  if (locked) fittingLock(lock, services, lockFile ?? 'standard input');
  return { images: [...named, ...services.map(({ image }) => image)], lock };
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
  output.note(`wrote ${path}: ${formatBytes(bytes)}, of which ${formatBytes(fetchedBytes)} were fetched`);
  output.table(
    ['IMAGE', 'DIGEST'],
    images.map(({ name, digest }) => [name, digest]),
    { elastic: 1 },
  );
}
