import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { formatReference, parseReference } from '../../reference/reference.ts';
import { findImage } from '../../store/find-image.ts';
import { readImages, recordImage } from '../../store/images.ts';
import type { Context } from '../context.ts';
import { shortDigest } from '../short-digest.ts';

/** `berth tag`: another name for an image of the store. */
export function addTag(program: Command, context: Context): void {
  program
    .command('tag')
    .description('give an image of the store another name')
    .argument('<image>', 'name or digest, as berth images shows it')
    .argument('<new-name>', 'full name, such as registry.example.com/httpd:stable')
    .addHelpText(
      'after',
      '\nExample:\n  berth tag registry.example.com/httpd:2.4 registry.internal/httpd:stable',
    )
    .action((image: string, name: string) => tag(image, name, context));
}

async function tag(image: string, text: string, context: Context): Promise<void> {
  const reference = parseReference(text);
  if (reference.kind !== 'registry' || reference.digest !== undefined) {
    throw new BerthError(
      'reference-invalid',
      `not a name to give: ${text}: it must have a registry, and no digest`,
      {
        hint: 'write it as REGISTRY/NAME[:TAG]',
      },
    );
  }
  const name = formatReference(reference);
  await context.writing(`tag ${image} ${text}`, async ({ store }) => {
    const images = readImages(store);
    const found = findImage(images, image);
    const before = images.find((other) => other.name === name);
    recordImage(store, { ...found, name });
    const was =
      before === undefined || before.digest === found.digest
        ? ''
        : `, and not ${shortDigest(before.digest)} any longer`;
    context.output.note(`${name} is ${shortDigest(found.digest)}${was}`);
  });
}
