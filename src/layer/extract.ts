import { BerthError } from '../errors.ts';
import type { Budget } from '../image/budget.ts';
import type { Digest } from '../image/digest.ts';
import { VerifiedBlob } from '../image/verified-blob.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { type ExpectedArchive, LayerArchive } from './layer-archive.ts';
import type { SourceBytes } from './source-bytes.ts';

/** One layer to unpack, as plain data that can go to another thread. */
export interface ExtractJob extends ExpectedArchive {
  blobDigest: Digest;
  blobSize: number;
  /** Directory for the objects, which other layers may share. */
  objects: string;
  /** File that is made for what cannot be written there at once. */
  unfinished: string;
  /** File that is made for the record. */
  record: string;
}

export interface ExtractedLayer {
  diffId: Digest;
  entries: number;
  /** Bytes of the uncompressed archive. */
  size: number;
  recordBytes: number;
}

/** Whoever writes what is in an archive: a thread, mostly. */
export interface ArchiveUnpacker {
  /** Throws what the archive throws, `layer-invalid`, `layer-unsafe`, `limit-exceeded`, `no-space`, `io`. */
  unpack(job: ExtractJob, archive: LayerArchive): Promise<ExtractedLayer>;
}

/**
 * Unpacks a layer into staging: hashes and decompresses, while `unpacker` writes what came before.
 * `windows` is for decompressing, and shared by layers that are unpacked at the same time. Digest and size of
 * the blob, the diff ID and every limit are checked; an error leaves parts behind that the caller removes. Throws `digest-mismatch`, `size-mismatch`, `layer-invalid`, `layer-unsafe`,
 * `limit-exceeded`, `no-space`, `io`; and what the source throws, as it is.
 */
export async function extractLayer(
  job: ExtractJob,
  source: SourceBytes,
  unpacker: ArchiveUnpacker,
  windows?: Budget,
): Promise<ExtractedLayer> {
  const blob = new VerifiedBlob(source, job.blobDigest, job.blobSize);
  try {
    return await unpacker.unpack(job, new LayerArchive(blob, job, windows));
  } catch (error) {
    const blamed = await blameTheBlob(error, blob);
    if (source.failure !== undefined) throw source.failure.error;
    throw nameTheLayer(job, blamed);
  } finally {
    await source.close();
  }
}

// A blob that was changed on its way mostly shows as broken compression first. That it is not the blob
// that was asked for is what a person has to know, so the rest of it is read to find out.
async function blameTheBlob(error: unknown, blob: VerifiedBlob): Promise<unknown> {
  if (!(error instanceof BerthError) || error.code !== 'layer-invalid') return error;
  try {
    await blob.drain();
  } catch (mismatch) {
    return mismatch;
  }
  return error;
}

function nameTheLayer(job: ExtractJob, error: unknown): BerthError {
  const { code, hint, message } = fileSystemError(error, 'cannot write', job.objects, job.blobSize);
  return new BerthError(code, `cannot unpack the layer: ${job.blobDigest}: ${message}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
