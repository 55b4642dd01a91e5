import type { Command } from 'commander';
import { stringify } from 'yaml';
import { notInstalled } from '../../deployment/not-installed.ts';
import { type DeploymentRecord, listServices, readCurrentRecord } from '../../deployment/record.ts';
import { BerthError } from '../../errors.ts';
import { openPackedImage } from '../../layer/packed-image.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import type { ImageSource } from '../../transport/source.ts';
import type { Context } from '../context.ts';
import { type InspectImageOptions, inspectImage } from '../inspect-image.ts';
import { namedImage } from '../named-image.ts';
import { namedService } from '../named-services.ts';
import { openImage, spelledAsNow } from '../open-image.ts';

interface Options extends InspectImageOptions {
  authfile?: string;
}

/** What cannot be the name of a service, nor of an image of the store without its registry. */
const ELSEWHERE =
  /\/|^(?:docker|dockertar|oci|oci-archive|docker-archive|docker-daemon|dir|ostree|containers-storage):/;

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
  const record = isOfImage || ELSEWHERE.test(text) ? undefined : installed(text, context);
  if (record !== undefined) {
    if (options.json) context.output.json(record);
    else context.output.data(stringify(record, readable).trimEnd());
    return;
  }
  const source = await open(text, options, context);
  try {
    await inspectImage(source, options, context);
  } finally {
    await source.close();
  }
}

function installed(text: string, { paths }: Context): DeploymentRecord | undefined {
  const service = listServices(paths).find((each) => each === text.replace(/\.service$/, ''));
  return service === undefined ? undefined : readCurrentRecord(paths, service);
}

async function open(text: string, { authfile }: Options, context: Context): Promise<ImageSource> {
  if (ELSEWHERE.test(text)) {
    return openImage(parseImageReference(spelledAsNow(text, context)), authfile, context);
  }
  const { signal, paths } = context;
  try {
    const image = namedImage(text, context);
    // Of what is in the store, no layer need be packed to look at it.
    return await openPackedImage({ store: image.store, image, has: async () => true, signal });
  } catch (error) {
    const isUnknown = error instanceof BerthError && error.code === 'image-not-found';
    throw isUnknown && !text.includes(':') ? notInstalled(namedService(text), paths) : error;
  }
}
