import { BerthError } from '../../errors.ts';
import type { ImageSource } from '../../transport/source.ts';
import { untilAborted } from '../apply/until-aborted.ts';

/** A registry may take minutes to answer; the person who presses Ctrl-C should not have to wait for it. */
export function interruptible(source: ImageSource, signal: AbortSignal): ImageSource {
  return {
    get name() {
      return source.name;
    },
    resolve: async (platform) => {
      try {
        return await untilAborted(source.resolve(platform), signal);
      } catch (cause) {
        throw signal.aborted
          ? new BerthError('interrupted', `interrupted: looking up ${source.name}`, { cause })
          : cause;
      }
    },
    blob: (descriptor, stop) => source.blob(descriptor, stop),
    close: () => source.close(),
  };
}
