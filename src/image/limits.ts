import { BerthError } from '../errors.ts';

/** What one image may cost; bytes where the name says so. Each can be set as `limits.NAME` in berth.yaml. */
export interface Limits {
  /** A manifest or an index. */
  manifestBytes: number;
  /** The config of an image. */
  configBytes: number;
  /** The answer of a registry's token service. */
  tokenBytes: number;
  /** Values in one manifest, index or config. */
  jsonValues: number;
  /** Indexes that lead to one another before the manifest comes. */
  indexDepth: number;
  /** Manifests and indexes that are read to find the one of a platform. */
  indexDocuments: number;
  /** Layers of an image. */
  layers: number;
  /** Entries of all layers together; also directories that no entry describes, and zstd frames of a layer. */
  entries: number;
  /** Length of one path. */
  pathBytes: number;
  /** Directories above a name, plus one. */
  depth: number;
  /** Size of one file. */
  fileBytes: number;
  /** All layers together, uncompressed. */
  imageBytes: number;
  /** One extension header of an entry: PAX records or a GNU long name. */
  headerBytes: number;
  /** The store's records of all layers together: bounds the memory that names and xattrs take. */
  recordBytes: number;
  /** Uncompressed to compressed size of one layer, where it counts. */
  compressionRatio: number;
  /** Uncompressed bytes of a layer beyond which the ratio counts: a sparse file of zeros is no attack. */
  compressionRatioFrom: number;
  /** Memory that a zstd frame may ask for; layers that are unpacked at the same time share it. */
  zstdWindowBytes: number;
  /** Memory that xz may take to decompress a layer of an old docker archive. */
  xzMemoryBytes: number;
}

/**
 * Generous for images that people make, and small enough that an image made to hurt stays below
 * 250 MB of memory. Manifests: what the OCI distribution spec asks registries to take. Paths leave room
 * for the directory of a checkout below the kernel's 4096. The ratio is just above what deflate can
 * reach at all. The best that xz has needs 65 MiB.
 */
export const DEFAULT_LIMITS: Limits = {
  manifestBytes: 4 * 2 ** 20,
  configBytes: 4 * 2 ** 20,
  tokenBytes: 256 * 2 ** 10,
  jsonValues: 250_000,
  indexDepth: 4,
  indexDocuments: 32,
  layers: 256,
  entries: 150_000,
  pathBytes: 3000,
  depth: 128,
  fileBytes: 64 * 2 ** 30,
  imageBytes: 256 * 2 ** 30,
  headerBytes: 2 ** 20,
  recordBytes: 32 * 2 ** 20,
  compressionRatio: 1100,
  compressionRatioFrom: 4 * 2 ** 30,
  zstdWindowBytes: 64 * 2 ** 20,
  xzMemoryBytes: 80 * 2 ** 20,
};

/** For what is in the store: it was held against the limits of its time when it came in. */
export const NO_LIMITS = Object.fromEntries(
  Object.keys(DEFAULT_LIMITS).map((name) => [name, Number.POSITIVE_INFINITY]),
) as unknown as Limits;

/** The limits with some of them set otherwise. Throws `settings-invalid` for a name that is none. */
export function readLimits(settings: Record<string, number> = {}): Limits {
  const stranger = Object.keys(settings).find((name) => !Object.hasOwn(DEFAULT_LIMITS, name));
  if (stranger !== undefined) {
    throw new BerthError('settings-invalid', `unknown limit: limits.${stranger}`, {
      hint: `known here: ${Object.keys(DEFAULT_LIMITS).join(', ')}`,
    });
  }
  return { ...DEFAULT_LIMITS, ...settings };
}

/** Throws `limit-exceeded` when `value` is above the limit; `what` says what there is too much of. */
export function checkLimit(limits: Limits, name: keyof Limits, value: number, what: string): void {
  if (value <= limits[name]) return;
  throw new BerthError('limit-exceeded', `${what}: more than ${limits[name]} (limits.${name})`, {
    hint: `if the image is trusted, set limits.${name} in /etc/berth/berth.yaml`,
  });
}
