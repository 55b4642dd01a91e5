import type { Compression } from '../media-type.ts';
import { isZstd } from './zstd-frames.ts';

/** So many bytes tell every compression. */
export const LONGEST_MAGIC = 10;

const XZ = Buffer.from('fd377a585a00', 'hex');
// After the level comes the first block or an end without any. A file with such a name begins a tar otherwise.
const BZIP2 = ['314159265359', '177245385090'];

/** How these first bytes of a blob are compressed, by what they begin with. */
export function detectCompression(head: Uint8Array): Compression {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, LONGEST_MAGIC));
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  if (isZstd(bytes)) return 'zstd';
  if (bytes.subarray(0, XZ.length).equals(XZ)) return 'xz';
  const isBzip2 = bytes.toString('latin1', 0, 3) === 'BZh' && BZIP2.includes(bytes.toString('hex', 4));
  return isBzip2 ? 'bzip2' : 'none';
}
