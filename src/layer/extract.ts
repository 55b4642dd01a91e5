import { createHash } from 'node:crypto';
import { BerthError } from '../errors.ts';
import { decompress } from '../image/compression/decompress.ts';
import { type Digest, digestAlgorithm, digestHex } from '../image/digest.ts';
import { checkLimit, type Limits } from '../image/limits.ts';
import type { Compression } from '../image/media-type.ts';
import { VerifiedBlob } from '../image/verified-blob.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { LayerRecordWriter } from '../store/layer-record.ts';
import { ObjectWriter } from './object-writer.ts';
import { TarReader } from './tar-reader.ts';
import { Unpacker } from './unpacker.ts';

/** One layer to unpack, as plain data that can go to another thread. */
export interface ExtractJob {
  blobDigest: Digest;
  blobSize: number;
  compression: Compression;
  diffId: Digest;
  /** Directory for the objects, which other layers may share. */
  objects: string;
  /** File that is made for what cannot be written there at once. */
  unfinished: string;
  /** File that is made for the record. */
  record: string;
  limits: Limits;
}

export interface ExtractedLayer {
  diffId: Digest;
  entries: number;
  /** Bytes of the uncompressed archive. */
  size: number;
  recordBytes: number;
}

/**
 * Unpacks a layer into staging. Digest and size of the blob, the diff ID and every limit are checked;
 * an error leaves parts behind that the caller removes. Throws `digest-mismatch`, `size-mismatch`,
 * `layer-invalid`, `layer-unsafe`, `limit-exceeded`, `no-space`, `io`.
 */
export async function extractLayer(
  job: ExtractJob,
  input: AsyncIterable<Uint8Array>,
): Promise<ExtractedLayer> {
  const blob = new VerifiedBlob(input, job.blobDigest, job.blobSize);
  try {
    return await unpack(job, blob);
  } catch (error) {
    throw nameTheLayer(job, await blameTheBlob(error, blob));
  }
}

async function unpack(job: ExtractJob, blob: VerifiedBlob): Promise<ExtractedLayer> {
  const objects = new ObjectWriter(job.objects, job.unfinished);
  const record = new LayerRecordWriter(job.record);
  try {
    const unpacker = new Unpacker(objects, record, job.limits);
    const size = await readArchive(job, blob, unpacker);
    record.finish(job.diffId, size);
    return { diffId: job.diffId, entries: unpacker.entries, size, recordBytes: record.bytes };
  } finally {
    objects.close();
    record.close();
  }
}

async function readArchive(job: ExtractJob, blob: VerifiedBlob, unpacker: Unpacker): Promise<number> {
  const reader = new TarReader(unpacker, job.limits);
  const hash = createHash(digestAlgorithm(job.diffId));
  let size = 0;
  for await (const chunk of decompress(job.compression, blob.chunks(), job.limits)) {
    size += chunk.length;
    checkLimit(job.limits, 'imageBytes', size, 'uncompressed size of an image');
    if (size > job.limits.compressionRatioFrom) {
      checkLimit(job.limits, 'compressionRatio', size / blob.bytes, 'compression ratio of a layer');
    }
    hash.update(chunk);
    reader.write(chunk);
  }
  reader.finish();
  const found = hash.digest('hex');
  if (found === digestHex(job.diffId)) return size;
  throw new BerthError(
    'digest-mismatch',
    `uncompressed content differs from the diff ID ${job.diffId}: it is ${digestAlgorithm(job.diffId)}:${found}`,
  );
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
