import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { detectCompression } from '../../image/compression/detect.ts';
import { checkDigest } from '../../image/descriptor.ts';
import { type Digest, parseDigest } from '../../image/digest.ts';
import type { Descriptor } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import type { Compression } from '../../image/media-type.ts';
import { quote } from '../../reference/quote.ts';
import { type DescribedImage, DOCKER_LAYER, describeImage, pairLayers } from '../described-image.ts';
import { archiveInvalid, type ImageFiles, readDocument } from '../files/image-files.ts';
import type { ArchiveItem } from './choose-item.ts';

/**
 * Makes the manifest of an image of an archive. A layer that is not compressed has its diff ID for a
 * digest, which needs no reading; another is described by its bytes as they are. Whoever reads a layer
 * checks it. Throws `archive-invalid`, `digest-mismatch`, `image-config-invalid`, `limit-exceeded`.
 */
export async function describeItem(
  files: ImageFiles,
  item: ArchiveItem,
  limits: Limits,
): Promise<DescribedImage> {
  const config = await readDocument(files, posix.normalize(item.config), limits, 'configBytes');
  // Programs name it by its digest, which nothing else in the archive says.
  const hex = /(?:^|[/:])([0-9a-f]{64})(?:\.json)?$/.exec(item.config)?.[1];
  if (hex !== undefined) checkDigest(parseDigest(`sha256:${hex}`), config);
  const layers = [];
  for (const { layer, diffId } of pairLayers(item.layers, config, files.place, limits)) {
    const where = posix.normalize(layer);
    layers.push({ descriptor: await describeLayer(files, where, diffId), where });
  }
  return describeImage(config, layers);
}

async function describeLayer(files: ImageFiles, name: string, diffId: Digest): Promise<Descriptor> {
  const size = await files.size(name);
  if (size === undefined) throw archiveInvalid(files.place, `it has no layer ${quote(name)}`);
  const compression = await compressionOf(files, name);
  if (compression === 'none') return { mediaType: DOCKER_LAYER, size, digest: diffId };
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  const digest = hex === undefined ? await hash(files, name) : parseDigest(`sha256:${hex}`);
  return { mediaType: `${DOCKER_LAYER}.${compression}`, size, digest };
}

async function compressionOf(files: ImageFiles, name: string): Promise<Compression> {
  for await (const chunk of files.read(name)) return detectCompression(chunk);
  return 'none';
}

async function hash(files: ImageFiles, name: string): Promise<Digest> {
  const sum = createHash('sha256');
  for await (const chunk of files.read(name)) sum.update(chunk);
  return parseDigest(`sha256:${sum.digest('hex')}`);
}
