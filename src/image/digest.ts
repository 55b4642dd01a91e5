// A reference may carry a digest, and src/reference stands before this folder: the type lives there.
export {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestHex,
  parseDigest,
} from '../reference/digest.ts';
