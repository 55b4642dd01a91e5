import { createHash } from 'node:crypto';
import { BerthError, messageOf } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import { type Digest, digestAlgorithm, parseDigest } from './digest.ts';
import type { Descriptor, Platform } from './image.ts';
import type { JsonField } from './json-field.ts';

/**
 * Reads a descriptor (OCI image spec, descriptor.md). Inline `data` and `urls` are left alone:
 * content comes from the image's own source only, and is checked there.
 */
export function readDescriptor(field: JsonField): Descriptor {
  const descriptor: Descriptor = {
    mediaType: field.object().get('mediaType').string(),
    digest: readDigest(field.get('digest')),
    size: field.get('size').count(),
  };
  const platform = field.get('platform');
  if (platform.isPresent) descriptor.platform = readPlatform(platform);
  const annotations = field.get('annotations');
  if (annotations.isPresent) descriptor.annotations = annotations.stringMap();
  return descriptor;
}

export function readDigest(field: JsonField): Digest {
  try {
    return parseDigest(field.string());
  } catch (error) {
    if (error instanceof BerthError && error.code !== 'digest-invalid') throw error;
    throw field.wrong(messageOf(error), { code: 'digest-invalid', cause: error });
  }
}

function readPlatform(field: JsonField): Platform {
  const platform: Platform = {
    os: field.get('os').string(),
    architecture: field.get('architecture').string(),
  };
  const variant = field.get('variant').optionalString();
  if (variant !== undefined && variant !== '') platform.variant = variant;
  return platform;
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** Throws `size-mismatch` or `digest-mismatch` unless these are the bytes that the descriptor names. */
export function checkBytes(descriptor: Descriptor, bytes: Uint8Array): void {
  if (bytes.length !== descriptor.size) {
    throw new BerthError(
      'size-mismatch',
      `wrong size: ${descriptor.digest}: ${bytes.length} bytes came, ${descriptor.size} were named`,
    );
  }
  checkDigest(descriptor.digest, bytes);
}

/** Throws `digest-mismatch`. */
export function checkDigest(digest: Digest, bytes: Uint8Array): void {
  const found = digestOf(bytes, digestAlgorithm(digest));
  if (found !== digest) {
    throw new BerthError('digest-mismatch', `wrong content: ${digest}: it has ${found}`, {
      hint: `where it came from, or something on the way, gives other content than ${quote(digest)} names`,
    });
  }
}
