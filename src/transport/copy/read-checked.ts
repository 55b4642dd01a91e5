import type { Digest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import { VerifiedBlob } from '../../image/verified-blob.ts';

/** What a copy tells while it runs; sizes in bytes. */
export type CopyProgress =
  /** So many blobs belong to the image, of which some are there and the others are copied. */
  | { kind: 'resolved'; name: string; blobs: number; present: number; bytes: number }
  /** So many of the `size` bytes of a blob have been read by now. */
  | { kind: 'blob-progress'; digest: Digest; copied: number; size: number };

/** The bytes of a blob on their way; the end is reached only if size and digest are those named, as of `VerifiedBlob`. */
export async function* readChecked(
  { digest, size }: Descriptor,
  bytes: AsyncIterable<Uint8Array>,
  onProgress: (progress: CopyProgress) => void,
): AsyncGenerator<Uint8Array> {
  const blob = new VerifiedBlob(bytes, digest, size);
  for await (const chunk of blob.chunks()) {
    yield chunk;
    onProgress({ kind: 'blob-progress', digest, copied: blob.bytes, size });
  }
}
