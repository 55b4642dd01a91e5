import type { Command } from 'commander';
import { listMounts } from '../../deployment/mounts/free-mounts.ts';
import type { MountRecord } from '../../deployment/mounts/mount-record.ts';
import { showTree } from '../../deployment/mounts/show-tree.ts';
import { BerthError, isErrno } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import type { OpenDirectory } from '../../linux/mount.ts';
import type { Paths } from '../../paths.ts';
import { shellLineToPaste } from '../../systemd/shell-quote.ts';
import { commandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { openMountPoint, openWork } from '../mount-point.ts';
import { shortDigest } from '../short-digest.ts';
import { makeShownTree } from '../shown-tree.ts';

interface MountOptions {
  live?: boolean;
  work?: string;
  authfile?: string;
  json?: boolean;
}

/** `berth mount`: the files of a service or an image in a directory, to look at them or to try changes. */
export function addMount(program: Command, context: Context): void {
  program
    .command('mount')
    .description('show the files of a service or an image in a directory; without one, list what is mounted')
    .argument('[name|image]', 'service, or image of any transport')
    .argument('[dir]', 'empty directory')
    .option('--live', 'let the files be changed there; berth umount throws the changes away')
    .option('--work <dir>', 'keep the changes in this directory; implies --live')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  berth mount web /mnt\n  berth mount --live registry.example.com/app:1 /mnt',
    )
    .action(async (name: string | undefined, dir: string | undefined, options: MountOptions) => {
      if (name === undefined) list(options, context);
      else if (dir !== undefined) await mount(name, dir, options, context);
      else
        throw new BerthError('usage', `no directory is named: ${name}`, {
          hint: commandLine(['mount', name, '/mnt']),
        });
    });
}

async function mount(name: string, dir: string, options: MountOptions, context: Context): Promise<void> {
  const { paths, output } = context;
  const { live = false, authfile } = options;
  const work = options.work === undefined ? null : openWork(options.work, paths);
  let target: OpenDirectory | undefined;
  try {
    target = openMountPoint(dir, paths);
    const request = { target, writable: live || work !== null, work };
    const record = await context.writing(`mount ${name}`, async ({ store }) => {
      try {
        if (work !== null) refuseUsed(work, paths);
        return await showTree(request, paths, (place) =>
          makeShownTree(name, { place, store, authfile }, context),
        );
      } catch (error) {
        if (work !== null && isErrno(error, 'EINVAL')) throw unfitFor(work.name, error);
        throw fileSystemError(error, `cannot mount ${name}`, request.target.name);
      }
    });
    if (options.json) output.json(describe(record));
    else output.note(`${name}: mounted on ${record.directory}, ${kind(record)}`);
  } finally {
    target?.[Symbol.dispose]();
    work?.[Symbol.dispose]();
  }
}

/** Two overlays that write to one directory damage it (Documentation/filesystems/overlayfs.rst, "Sharing and copying layers"). */
function refuseUsed({ name }: OpenDirectory, paths: Paths): void {
  const other = listMounts(paths).find(({ work }) => work === name);
  if (other === undefined) return;
  throw new BerthError('usage', `in use by the mount on ${other.directory}: --work ${name}`, {
    hint: commandLine(['umount', other.directory]),
  });
}

function unfitFor(work: string, cause: Error): BerthError {
  return new BerthError(
    'io',
    `cannot mount: ${work}: its file system cannot keep the changes of an overlay`,
    {
      hint: shellLineToPaste(['findmnt', '--target', work]),
      cause,
    },
  );
}

function list({ json = false }: MountOptions, { paths, output }: Context): void {
  const mounts = listMounts(paths);
  if (json) output.json(mounts.map(describe));
  else {
    output.table(
      ['DIRECTORY', 'NAME', 'DIGEST', 'KIND'],
      mounts.map((record) => [
        record.directory,
        record.service ?? record.image,
        shortDigest(record.digest),
        kind(record),
      ]),
      { elastic: 1 },
    );
  }
}

function kind({ writable, work }: MountRecord): string {
  if (!writable) return 'read-only';
  return work === null ? 'live, in memory' : `live, in ${work}`;
}

function describe({ directory, service, image, digest, writable, work }: MountRecord) {
  return { directory, service, image, digest, writable, work };
}
