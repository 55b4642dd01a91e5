import type { Command } from 'commander';
import type { Digest } from '../../image/digest.ts';
import { type ImageReference, parseImageReference } from '../../reference/image-reference.ts';
import { readImages, recordImage } from '../../store/images.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { spelledAsNow } from '../open-image.ts';
import { pullToStore } from '../pull-to-store.ts';
import { shortDigest } from '../short-digest.ts';

interface PullOptions {
  authfile?: string;
  json?: boolean;
}

/** How one pull went; bytes are those that were fetched. */
interface Outcome {
  name: string;
  digest: Digest;
  status: 'pulled' | 'present';
  fetchedBytes: number;
}

/** `berth pull`: brings images into the store, for an install that needs nothing else then. */
export function addPull(program: Command, context: Context): void {
  program
    .command('pull')
    .description('bring images into the store without installing them')
    .argument('<image...>', 'images of any transport, such as registry.example.com/httpd:2.4')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth pull registry.example.com/httpd:2.4\n  berth pull docker-archive:/media/httpd.tar.gz',
    )
    .action((images: string[], options: PullOptions) => pull(images, options, context));
}

async function pull(images: string[], options: PullOptions, context: Context): Promise<void> {
  const references = images.map((image) => parseImageReference(spelledAsNow(image, context)));
  const outcomes: Outcome[] = [];
  await context.writing(`pull ${images.join(' ')}`, async ({ store }) => {
    for (const reference of references) {
      const outcome = await pullOne(reference, store, options, context);
      outcomes.push(outcome);
      const done = outcome.status === 'pulled' ? 'pulled' : 'is there already';
      context.output.note(`${outcome.name}: ${done} (${shortDigest(outcome.digest)})`);
    }
  });
  if (options.json) context.output.json(outcomes);
}

async function pullOne(
  reference: ImageReference,
  store: Store,
  { authfile }: PullOptions,
  context: Context,
): Promise<Outcome> {
  const image = await pullToStore(reference, store, { authfile }, context);
  const { name, manifestDigest: digest, fetchedBytes, fetchedLayers } = image;
  const known = readImages(store).some((each) => each.name === name && each.digest === digest);
  recordImage(store, image.stored);
  const status = known && fetchedLayers === 0 ? 'present' : 'pulled';
  return { name, digest, status, fetchedBytes };
}
