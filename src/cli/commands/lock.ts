import type { Command } from 'commander';
import { formatLock, type HostLock, readLock, writeLock } from '../../provision/lock/host-lock.ts';
import { resolveLock } from '../../provision/lock/resolve-lock.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import type { Context } from '../context.ts';
import { openImage } from '../open-image.ts';
import { readDeclared } from '../read-declared.ts';

interface Options {
  file?: string;
  keep?: boolean;
  authfile?: string;
  json?: boolean;
}

/** `berth lock`: writes down which images the tags of host.yaml stand for now. */
export function addLock(program: Command, context: Context): void {
  program
    .command('lock')
    .description('write the digests of all images of host.yaml into host.lock, beside it')
    .option('-f, --file <file>', 'read this file, all *.yaml of a directory, or - for standard input')
    .option('--keep', 'ask only for images that are not in the lock yet')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth lock -f services.yaml')
    .action((options: Options) => lock(options, context));
}

async function lock({ file, keep, authfile, json }: Options, context: Context): Promise<void> {
  const { output, signal } = context;
  const { services, lockFile } = await readDeclared(file, context);
  const before: HostLock = (lockFile === undefined ? undefined : readLock(lockFile)) ?? new Map();
  const images = [...new Set(services.map(({ image }) => image))];
  const known: HostLock = new Map([...before].filter(([image]) => keep && images.includes(image)));
  const open = (image: string) => openImage(parseImageReference(image), authfile, context);
  const asked = images.filter((image) => !known.has(image));
  const after: HostLock = new Map([...known, ...(await resolveLock(asked, open, signal))]);
  if (lockFile === undefined && !json) {
    output.data(formatLock(after).trimEnd());
    return;
  }
  const written = lockFile !== undefined && writeLock(lockFile, after);
  const rows = [...after]
    .map(([image, digest]) => ({ image, digest, before: before.get(image) ?? null }))
    .sort((a, b) => (a.image < b.image ? -1 : 1));
  if (json) {
    output.json({ path: lockFile ?? null, written, images: rows });
    return;
  }
  output.note(written ? `wrote ${lockFile}` : `${lockFile} is up to date`);
  output.table(
    ['IMAGE', 'DIGEST', 'CHANGED'],
    rows.map(({ image, digest, before: old }) => [
      image,
      digest,
      old === null ? 'new' : old === digest ? '-' : 'yes',
    ]),
    { elastic: 1 },
  );
}
