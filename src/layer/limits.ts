import { BerthError } from '../errors.ts';

/** What one image may cost; bytes where the name says so. Each can be set as `limits.NAME` in berth.yaml. */
export interface LayerLimits {
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
  /** Uncompressed to compressed size of one layer, where it counts: beyond the first 4 GiB. */
  compressionRatio: number;
  /** Memory that a zstd frame may ask for. */
  zstdWindowBytes: number;
}

/**
 * Generous for images that people make, and small enough that an image made to hurt stays below
 * 250 MB of memory. Paths leave room for the directory of a checkout below the kernel's 4096. The
 * ratio is just above what deflate can reach at all.
 */
export const DEFAULT_LAYER_LIMITS: LayerLimits = {
  layers: 256,
  entries: 150_000,
  pathBytes: 3000,
  depth: 128,
  fileBytes: 64 * 2 ** 30,
  imageBytes: 256 * 2 ** 30,
  headerBytes: 2 ** 20,
  recordBytes: 32 * 2 ** 20,
  compressionRatio: 1100,
  zstdWindowBytes: 64 * 2 ** 20,
};

/** Bytes below which the compression ratio is not looked at: a sparse file of zeros is no attack. */
export const RATIO_COUNTS_FROM = 4 * 2 ** 30;

/** The limits with some of them set otherwise. Throws `settings-invalid` for a name that is none. */
export function layerLimits(settings: Record<string, number> = {}): LayerLimits {
  const stranger = Object.keys(settings).find((name) => !Object.hasOwn(DEFAULT_LAYER_LIMITS, name));
  if (stranger !== undefined) {
    throw new BerthError('settings-invalid', `unknown limit: limits.${stranger}`, {
      hint: `known here: ${Object.keys(DEFAULT_LAYER_LIMITS).join(', ')}`,
    });
  }
  return { ...DEFAULT_LAYER_LIMITS, ...settings };
}

/** Throws `limit-exceeded` when `value` is above the limit; `what` says what there is too much of. */
export function checkLimit(limits: LayerLimits, name: keyof LayerLimits, value: number, what: string): void {
  if (value <= limits[name]) return;
  throw new BerthError('limit-exceeded', `${what}: more than ${limits[name]} (limits.${name})`, {
    hint: `if the image is trusted, set limits.${name} in /etc/berth/berth.yaml`,
  });
}
