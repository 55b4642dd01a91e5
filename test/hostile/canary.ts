import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFifo } from '../../src/linux/node.ts';
import { getXattr, listXattrs, setXattr } from '../../src/linux/xattr.ts';

/** Makes a tree with one of everything that somebody may read, change, replace or remove. */
export function makeCanary(directory: string): void {
  mkdirSync(join(directory, 'dir', 'deeper'), { recursive: true, mode: 0o750 });
  writeFileSync(join(directory, 'secret'), 'nobody may see or change this\n', { mode: 0o600 });
  writeFileSync(join(directory, 'dir', 'file'), 'nor this\n');
  linkSync(join(directory, 'dir', 'file'), join(directory, 'dir', 'deeper', 'link'));
  symlinkSync('../secret', join(directory, 'dir', 'symlink'));
  makeFifo(join(directory, 'dir', 'pipe'), 0o600);
  writeFileSync(join(directory, 'setuid'), '#!/bin/sh\n');
  chmodSync(join(directory, 'setuid'), 0o4755);
  setXattr(join(directory, 'setuid'), 'user.canary', Buffer.from('alive'));
}

/** Everything of a tree that can be seen but for times of reading, one line an entry. */
export function fingerprint(path: string): string[] {
  const stat = lstatSync(path, { bigint: true });
  const { mode, uid, gid, nlink, size, mtimeNs, ctimeNs } = stat;
  const xattrs = listXattrs(path).map((name) => `${name}=${getXattr(path, name)?.toString('hex')}`);
  const content = stat.isFile()
    ? createHash('sha256').update(readFileSync(path)).digest('hex')
    : stat.isSymbolicLink()
      ? readlinkSync(path)
      : '';
  const line = [path, mode.toString(8), uid, gid, nlink, size, mtimeNs, ctimeNs, content, ...xattrs].join(
    ' ',
  );
  if (!stat.isDirectory()) return [line];
  return [
    line,
    ...readdirSync(path)
      .sort()
      .flatMap((name) => fingerprint(join(path, name))),
  ];
}
