import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import type { Descriptor } from '../../image/image.ts';
import { openPackedImage } from '../../layer/packed-image.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import type { Context } from '../context.ts';
import { copyTo } from '../copy-to.ts';
import { namedImage } from '../named-image.ts';

interface Options {
  authfile?: string;
  json?: boolean;
}

/** `berth push`: an image of the store to somewhere else. */
export function addPush(program: Command, context: Context): void {
  program
    .command('push')
    .description('copy an image of the store, or the one of a service, to a registry, layout or archive')
    .argument('<image>', 'service, or name or digest as berth images shows it')
    .argument('<destination>', 'its full name there, such as registry.internal/httpd:2.4')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth push httpd registry.internal/httpd:2.4')
    .action((image: string, to: string, options: Options) => push(image, to, options, context));
}

async function push(text: string, to: string, options: Options, context: Context): Promise<void> {
  const image = namedImage(text, context);
  if (isRootfsImageName(image.name)) {
    throw new BerthError('image-not-found', `made of no image: ${text}: ${image.name}`);
  }
  const { signal } = context;
  await copyTo(
    {
      ...options,
      to: parseImageReference(to),
      from: parseImageReference(image.name),
      open: (destination) =>
        context.reading(`push ${text}`, () => {
          context.output.transient(`packing ${image.name} …`);
          const has = (layer: Descriptor) => destination.has(layer, signal);
          return openPackedImage({ store: image.store, image, has, signal });
        }),
    },
    context,
  );
}
