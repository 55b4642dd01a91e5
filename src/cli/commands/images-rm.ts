import type { Command } from 'commander';
import { imagesOfDeployments } from '../../deployment/images-in-use.ts';
import { findImageName } from '../../store/find-image.ts';
import { forgetImage, readImages, type StoredImage } from '../../store/images.ts';
import type { Context } from '../context.ts';

/** `berth images rm`: takes names away; what they stood for stays until it is pruned. */
export function addImagesRm(images: Command, context: Context): void {
  images
    .command('rm')
    .description('forget names of images; prune frees what no service and no other name needs')
    .argument('<image...>', 'names or digests, as berth images shows them')
    .addHelpText('after', '\nExample:\n  berth images rm registry.example.com/httpd:2.4 && berth prune')
    .action((names: string[]) => removeImages(names, context));
}

async function removeImages(texts: string[], context: Context): Promise<void> {
  await context.writing(`images rm ${texts.join(' ')}`, async ({ store, paths }) => {
    const images = readImages(store);
    // All of them are found before the first goes.
    const found = new Set(texts.map((text) => findImageName(images, text)));
    const uses = imagesOfDeployments(paths);
    for (const image of found) {
      forgetImage(store, image.name);
      const users = uses.flatMap((use) =>
        use.manifestDigest === image.digest && use.deployment !== undefined ? [use.deployment.service] : [],
      );
      context.output.note(`forgot ${image.name}${reasonToStay(image, users, readImages(store))}`);
    }
  });
}

function reasonToStay({ digest }: StoredImage, users: string[], images: StoredImage[]): string {
  const other = images.find((image) => image.digest === digest);
  if (users.length > 0) return `: its content stays, ${[...new Set(users)].join(', ')} is made of it`;
  return other === undefined ? '' : `: its content stays, ${other.name} is the same`;
}
