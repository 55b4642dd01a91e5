import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';
import { BerthError } from '../../errors.ts';
import { othersCanChange } from '../../linux/only-root.ts';

/**
 * The /exports of a root file system as an archive; an empty one where there are none. It depends on
 * names, owners, modes and contents alone: neither on times nor on extended attributes. No symlink is
 * followed. What is no file, directory or symlink ends it with `exports-invalid`, and with `rootfs-invalid` what
 * others than root can change, but for the content of files for the host.
 */
export function packExports(rootfs: string): AsyncIterable<Uint8Array> {
  const archive = tar.pack();
  addIfThere(archive, rootfs).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return archive as AsyncIterable<Uint8Array>;
}

async function addIfThere(archive: tar.Pack, rootfs: string): Promise<void> {
  if ((await readdir(rootfs)).includes('exports')) await add(archive, rootfs, 'exports');
}

async function add(archive: tar.Pack, rootfs: string, name: string): Promise<void> {
  const path = join(rootfs, name);
  const found = await lstat(path);
  const { uid, gid } = found;
  const isOthers = !found.isSymbolicLink() && othersCanChange(found);
  // Units are made of them; and in a directory of somebody else's, this could be led elsewhere while it reads.
  if (isOthers && (found.isDirectory() || !name.startsWith('exports/hostfs/'))) {
    throw new BerthError(
      'rootfs-invalid',
      `refusing to install from: ${path}: others than root can change it`,
      {
        hint: 'chown it to root:root, and chmod go-w',
      },
    );
  }
  const header = { name, uid, gid, mode: found.mode & 0o7777, mtime: new Date(0) };
  if (found.isDirectory()) {
    archive.entry({ ...header, type: 'directory' });
    for (const child of (await readdir(path)).sort()) {
      if (child.includes('\uFFFD')) throw new BerthError('exports-invalid', `not UTF-8: a name in ${path}`);
      await add(archive, rootfs, `${name}/${child}`);
    }
  } else if (found.isSymbolicLink()) {
    archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) });
  } else if (found.isFile()) await addFile(archive, header, path);
  else throw new BerthError('exports-invalid', `neither file, directory nor symlink: ${path}`);
}

async function addFile(
  archive: tar.Pack,
  header: Parameters<tar.Pack['entry']>[0],
  path: string,
): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    const entry = archive.entry({ ...header, type: 'file', size });
    await pipeline(file.createReadStream({ autoClose: false }), entry);
  } finally {
    await file.close();
  }
}
