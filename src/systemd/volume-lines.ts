import { lstat, readdir } from 'node:fs/promises';
import { relative } from 'node:path';
import type { ImageUser } from '../runtime/image-user.ts';
import { resolveInRootfs } from '../runtime/rootfs-path.ts';
import type { Volume } from '../runtime/volumes.ts';
import { quoteUnitWord } from './unit-quote.ts';

/** The fields of a tmpfiles.d(5) line, quoted. */
export interface VolumeLine {
  type: 'd' | 'C';
  path: string;
  mode: string;
  uid: string;
  gid: string;
  source: string;
}

export interface VolumeContext {
  /** The checkout as it can be read now. */
  rootfs: string;
  /** The checkout as the installed system names it. */
  installed: string;
  user: ImageUser;
}

/**
 * The lines that make the host's directories of an image's volumes. A volume begins as the image has
 * it, content, owner and mode, as with other container tools; one that the image lacks belongs to the
 * image's user. What is already there stays.
 */
export async function volumeLines(volumes: readonly Volume[], context: VolumeContext): Promise<VolumeLine[]> {
  const lines: VolumeLine[] = [];
  for (const volume of volumes) lines.push(await volumeLine(volume, context));
  return lines;
}

async function volumeLine({ destination, source }: Volume, context: VolumeContext): Promise<VolumeLine> {
  const path = quoteUnitWord(source);
  const found = resolveInRootfs(context.rootfs, destination);
  if (found.type !== 'directory') {
    const { uid, gid } = context.user;
    return { type: 'd', path, mode: '0755', uid: String(uid), gid: String(gid), source: '-' };
  }
  const { uid, gid, mode } = await lstat(found.path);
  const owner = { uid: String(uid), gid: String(gid), mode: `0${(mode & 0o1777).toString(8)}` };
  if ((await readdir(found.path)).length === 0) return { type: 'd', path, ...owner, source: '-' };
  // C copies only where there is nothing yet; its owners and modes are the image's own.
  const from = `${context.installed}/${relative(context.rootfs, found.path)}`;
  return { type: 'C', path, mode: '-', uid: '-', gid: '-', source: quoteUnitWord(from) };
}
