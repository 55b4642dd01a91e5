import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BerthError } from '../errors.ts';
import { othersCanChange } from '../linux/only-root.ts';

/**
 * Refuses, with this code, what others than root can change, in itself or in a directory on the way to
 * it. `path` is one below `root` to open now, without symlinks.
 */
export async function refuseUnsafe(
  path: string,
  root: string,
  code: 'runtime-unsafe' | 'rootfs-invalid',
): Promise<void> {
  for (let at = path; ; at = dirname(at)) {
    if (othersCanChange(await stat(at))) {
      throw new BerthError(code, `refusing to run as root: ${path}: others than root can change ${at}`, {
        hint: `chown root:root ${at} && chmod go-w ${at}`,
      });
    }
    if (at === root || at === dirname(at)) return;
  }
}
