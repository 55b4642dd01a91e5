import { readLimits } from '../image/limits.ts';
import { formatImageReference, type ImageReference } from '../reference/image-reference.ts';
import { currentSpelling } from '../reference/old-spelling.ts';
import { loadSettings } from '../settings.ts';
import { openSource } from '../transport/open-source.ts';
import type { ImageSource } from '../transport/source.ts';
import type { Context } from './context.ts';

/** Where an image comes from, with the settings of the host; throws as `openSource`. */
export function openImage(
  reference: ImageReference,
  authfile: string | undefined,
  context: Context,
): ImageSource {
  const { paths, env, output } = context;
  output.transient(`looking up ${formatImageReference(reference)} …`);
  const authFile = context.authFile(authfile);
  const { registries, limits } = loadSettings(context.paths);
  return openSource(reference, { paths, env, registries, limits: readLimits(limits), authFile });
}

/** An image as it is written today; a person who follows old instructions is told how that is. */
export function spelledAsNow(image: string, { output }: Context): string {
  const current = currentSpelling(image);
  if (current !== image) output.note(`${image} is written ${current} now`);
  return current;
}
