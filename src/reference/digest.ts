import { BerthError } from '../errors.ts';
import { quote } from './quote.ts';

declare const brand: unique symbol;

/** `algorithm:hex`, canonical and of a known algorithm (OCI image spec, descriptor.md, "Digests"). */
export type Digest = string & { readonly [brand]: 'Digest' };

export type DigestAlgorithm = 'sha256' | 'sha512';

const PATTERN = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Throws `digest-invalid` for another spelling, length or algorithm. */
export function parseDigest(text: unknown): Digest {
  if (typeof text !== 'string' || !PATTERN.test(text)) {
    throw new BerthError('digest-invalid', `not a digest: ${quote(text)}`, {
      hint: 'a digest is "sha256:" and 64, or "sha512:" and 128, lower-case hexadecimal digits',
    });
  }
  return text as Digest;
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

export function digestHex(digest: Digest): string {
  return digest.slice(7);
}
