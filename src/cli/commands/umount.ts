import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { findMount } from '../../deployment/mounts/free-mounts.ts';
import { BerthError, isErrno } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { OpenDirectory, unmount } from '../../linux/mount.ts';
import { shellLineToPaste } from '../../systemd/shell-quote.ts';
import type { Context } from '../context.ts';

/** `berth umount`: ends what `berth mount` began. */
export function addUmount(program: Command, context: Context): void {
  program
    .command('umount')
    .description('take away what berth mounted on directories')
    .argument('<dir...>', 'directories of berth mount')
    .addHelpText('after', '\nExample:\n  berth umount /mnt')
    .action(async (texts: string[]) => {
      // Whatever a mount needed is freed by the end of the work.
      await context.writing('umount', async () => {
        for (const text of texts) unmountOne(text, context);
      });
    });
}

function unmountOne(text: string, { paths, output }: Context): void {
  const directory = follow(text);
  const mount = findMount(directory, paths);
  if (mount === undefined) {
    throw new BerthError('not-mounted', `not mounted by berth: ${text}`, { hint: 'berth mount' });
  }
  try {
    unmountIn(dirname(directory), basename(directory));
  } catch (error) {
    if (!isErrno(error, 'EBUSY')) throw fileSystemError(error, 'cannot unmount', directory);
    throw new BerthError('mount-busy', `cannot unmount: ${directory}: something uses it`, {
      hint: shellLineToPaste(['fuser', '-vm', directory]),
      cause: error,
    });
  }
  output.note(
    `${directory}: unmounted${mount.work === null ? '' : `; what was written is in ${mount.work}/upper`}`,
  );
}

/** Whoever owns a directory above cannot lead this to another mount: the one above is opened, and held on to. */
function unmountIn(directory: string, name: string): void {
  const above = new OpenDirectory(directory);
  try {
    if (above.name !== directory)
      throw new BerthError('io', `cannot unmount: ${directory}/${name}: it has moved`);
    unmount(join(above.path, name));
  } finally {
    above[Symbol.dispose]();
  }
}

/** Also of what is not there: a name is told as it is. */
function follow(text: string): string {
  try {
    return realpathSync(text);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return resolve(text);
    throw fileSystemError(error, 'cannot unmount', text);
  }
}
