import type { Command } from 'commander';
import { stringify } from 'yaml';
import { describeRecord } from '../../deployment/describe-record.ts';
import { openPackedImage } from '../../layer/packed-image.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import type { ImageSource } from '../../transport/source.ts';
import type { Context } from '../context.ts';
import { type InspectImageOptions, inspectImage } from '../inspect-image.ts';
import { isElsewhere, knownImage } from '../named-image.ts';
import { namedDeployment } from '../named-services.ts';
import { openImage, spelledAsNow } from '../open-image.ts';

interface Options extends InspectImageOptions {
  authfile?: string;
}

/** Modes as people write them. */
const readable = (key: unknown, value: unknown) =>
  key === 'mode' && typeof value === 'number' ? value.toString(8).padStart(4, '0') : value;

/** `berth inspect`: everything that is recorded of a service, or known of an image. */
export function addInspect(program: Command, context: Context): void {
  program
    .command('inspect')
    .description('show what is recorded of an installed service, or known of an image')
    .argument('<name>', 'service, image of the store, or an image elsewhere with its registry or transport')
    .option('--raw', 'print the manifest or index of an image as it is')
    .option('--config', 'print the config of an image as it is')
    .option('--values', 'fetch the layers of an image to see what can be set; nothing of them is kept')
    .option('--platform <os/arch>', 'show the image of this platform instead of this host’s')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth inspect web\n  berth inspect --values registry.example.com/httpd:2.4',
    )
    .action((text: string, options: Options) => inspect(text, options, context));
}

async function inspect(text: string, options: Options, context: Context): Promise<void> {
  const isOfImage = options.raw || options.config || options.values || options.platform !== undefined;
  const record = isOfImage || isElsewhere(text) ? undefined : namedDeployment(text, context.paths);
  if (record !== undefined) {
    const description = describeRecord(record, context.paths);
    if (options.json) context.output.json(description);
    else context.output.data(stringify(description, readable).trimEnd());
    return;
  }
  const source = await open(text, options, context);
  try {
    await inspectImage(source, options, context);
  } finally {
    await source.close();
  }
}

async function open(text: string, { authfile }: Options, context: Context): Promise<ImageSource> {
  if (isElsewhere(text)) {
    return openImage(parseImageReference(spelledAsNow(text, context)), authfile, context);
  }
  const image = knownImage(text, context);
  // Of what is in the store, no layer need be packed to look at it.
  return await openPackedImage({ store: image.store, image, has: async () => true, signal: context.signal });
}
