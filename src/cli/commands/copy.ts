import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { parsePlatform } from '../../image/platform.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import type { Context } from '../context.ts';
import { copyTo } from '../copy-to.ts';
import { openImage, spelledAsNow } from '../open-image.ts';

interface Options {
  all?: boolean;
  platform?: string;
  authfile?: string;
  json?: boolean;
}

/** `berth copy`: an image from one place to another. */
export function addCopy(program: Command, context: Context): void {
  program
    .command('copy')
    .description('copy an image between registries, layouts and archives')
    .argument('<source>', 'image of any transport, such as registry.example.com/httpd:2.4')
    .argument('<destination>', 'its full name there, such as oci:/srv/images:httpd')
    .option('-a, --all', 'copy the images of all platforms, and their index')
    .option('--platform <os/arch>', 'copy the image of this platform instead of this host’s')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth copy registry.example.com/httpd:2.4 oci-archive:/srv/httpd.tar\n' +
        '  berth copy --all registry.example.com/etcd:3.4 registry.internal/etcd:3.4',
    )
    .action((from: string, to: string, options: Options) => copy(from, to, options, context));
}

async function copy(from: string, to: string, options: Options, context: Context): Promise<void> {
  if (options.all && options.platform !== undefined) {
    throw new BerthError('usage', '--all and --platform exclude each other');
  }
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const reference = parseImageReference(spelledAsNow(from, context));
  await copyTo(
    {
      ...options,
      to: parseImageReference(to),
      from: reference,
      platform: options.all ? 'all' : platform,
      open: async () => openImage(reference, options.authfile, context),
    },
    context,
  );
}
