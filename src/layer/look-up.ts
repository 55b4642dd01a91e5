import { BerthError } from '../errors.ts';
import type { Platform, ResolvedImage } from '../image/image.ts';
import type { Limits } from '../image/limits.ts';
import { resolveImage } from '../image/resolve-image.ts';
import type { ImageSource } from '../transport/source.ts';
import { untilAborted } from '../until-aborted.ts';

export interface LookUpOptions {
  platform: Platform;
  limits: Limits;
  signal: AbortSignal;
}

/**
 * Which image a source has for a platform. A registry may take minutes to answer; the person who
 * presses Ctrl-C does not have to wait for it. Throws `interrupted`, and what `resolveImage` and the
 * source throw.
 */
export async function lookUpImage(
  source: ImageSource,
  { platform, limits, signal }: LookUpOptions,
): Promise<ResolvedImage> {
  const resolve = async () => resolveImage(await source.top(), source, platform, limits);
  try {
    return await untilAborted(resolve(), signal);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: looking up ${source.name}`, { cause })
      : withDocument(cause, source.name);
  }
}

/** Which platforms there are is in the document that the name stands for. */
function withDocument(cause: unknown, name: string): unknown {
  return cause instanceof BerthError && cause.code === 'platform-unavailable'
    ? new BerthError(cause.code, `${cause.message}: ${name}`, { cause, hint: `berth inspect --raw ${name}` })
    : cause;
}
