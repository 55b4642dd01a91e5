import { BerthError } from '../errors.ts';
import type { Platform, ResolvedImage } from '../image/image.ts';
import { resolveImage } from '../image/resolve-image.ts';
import type { ImageSource } from '../transport/source.ts';
import { untilAborted } from '../until-aborted.ts';

/**
 * Which image a source has for a platform. A registry may take minutes to answer; the person who
 * presses Ctrl-C does not have to wait for it. Throws `interrupted`, and what `resolveImage` and the
 * source throw.
 */
export async function lookUpImage(
  source: ImageSource,
  platform: Platform,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const resolve = async () => resolveImage(await source.top(), source, platform);
  try {
    return await untilAborted(resolve(), signal);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: looking up ${source.name}`, { cause })
      : cause;
  }
}
