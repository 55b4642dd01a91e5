import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import { readDescriptor } from './descriptor.ts';
import type { Descriptor, ImageManifest } from './image.ts';
import { JsonField } from './json-field.ts';
import { checkLimit, DEFAULT_LIMITS, type Limits } from './limits.ts';
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isConfigType,
  isIndexType,
  isManifestType,
  layerCompression,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type.ts';

/** A list of manifests, one a platform, or of further such lists; checked by `parseIndex`. */
export interface ImageIndex {
  mediaType: string;
  manifests: Descriptor[];
  annotations: Record<string, string>;
}

/** What stands at the top of an image; the media types tell them apart. */
export type ImageDocument =
  | { kind: 'manifest'; manifest: ImageManifest }
  | { kind: 'index'; index: ImageIndex };

/**
 * Reads a manifest of one image: OCI, or Docker schema 2 (OCI image spec, manifest.md).
 * `mediaType` is what its descriptor or the registry called it, where somebody did.
 * Throws `manifest-invalid`, `digest-invalid`, `media-type-unsupported`, `limit-exceeded`.
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string, limits = DEFAULT_LIMITS): ImageManifest {
  const document = parseImageDocument(bytes, mediaType, limits);
  if (document.kind === 'manifest') return document.manifest;
  throw new BerthError('manifest-invalid', 'an index stands where a manifest belongs');
}

/** Reads an OCI index or a Docker manifest list (OCI image spec, image-index.md); throws as `parseManifest`. */
export function parseIndex(bytes: Uint8Array, mediaType?: string, limits = DEFAULT_LIMITS): ImageIndex {
  const document = parseImageDocument(bytes, mediaType, limits);
  if (document.kind === 'index') return document.index;
  throw new BerthError('manifest-invalid', 'a manifest stands where an index belongs');
}

/** Reads whichever of the two it is; throws as `parseManifest`. */
export function parseImageDocument(
  bytes: Uint8Array,
  mediaType?: string,
  limits = DEFAULT_LIMITS,
): ImageDocument {
  checkLimit(limits, 'manifestBytes', bytes.length, 'size of the manifest');
  const field = JsonField.parse(bytes, {
    code: 'manifest-invalid',
    document: 'the manifest',
    limits,
  }).object();
  const type = typeOf(field, mediaType);
  return isIndexType(type)
    ? { kind: 'index', index: readIndex(field, type) }
    : { kind: 'manifest', manifest: readManifest(field, type, limits) };
}

/**
 * The media type, on which header, document and members must agree: where they may differ, two
 * programs read two images from the same bytes and digest (CVE-2021-41190).
 */
function typeOf(field: JsonField, named: string | undefined): string {
  if (field.get('schemaVersion').isPresent && field.get('schemaVersion').count() === 1) {
    throw new BerthError('media-type-unsupported', 'a Docker schema 1 manifest is not supported', {
      hint: 'push the image again with a current tool',
    });
  }
  if (!field.get('schemaVersion').isPresent || field.get('schemaVersion').count() !== 2) {
    throw field.get('schemaVersion').wrong('not 2');
  }
  const own = field.get('mediaType').optionalString();
  const outer = named !== undefined && isKnown(named) ? named : undefined;
  if (own !== undefined && !isKnown(own)) throw unsupported(own);
  if (named !== undefined && outer === undefined && !isVague(named)) throw unsupported(named);
  if (own !== undefined && outer !== undefined && own !== outer) {
    throw field.get('mediaType').wrong(`it was called ${outer}`);
  }
  const looksLikeIndex = field.get('manifests').isPresent;
  const looksLikeManifest = field.get('layers').isPresent || field.get('config').isPresent;
  if (looksLikeIndex && looksLikeManifest) throw field.wrong('a manifest and an index at once');
  return own ?? outer ?? (looksLikeIndex ? OCI_INDEX : OCI_MANIFEST);
}

function readManifest(field: JsonField, mediaType: string, limits: Limits): ImageManifest {
  const config = readDescriptor(field.get('config'));
  if (!isConfigType(config.mediaType)) {
    throw new BerthError(
      'media-type-unsupported',
      `not an image of a root file system: its config is ${quote(config.mediaType)}`,
    );
  }
  if (!field.get('layers').isPresent) throw field.get('layers').wrong('not a list');
  const layers = field.get('layers').list();
  checkLimit(limits, 'layers', layers.length, 'layers of an image');
  return {
    mediaType,
    config,
    layers: layers.map(readLayer),
    annotations: field.get('annotations').stringMap(),
  };
}

function readLayer(field: JsonField): Descriptor {
  const layer = readDescriptor(field);
  layerCompression(layer.mediaType);
  return layer;
}

function readIndex(field: JsonField, mediaType: string): ImageIndex {
  if (!field.get('manifests').isPresent) throw field.get('manifests').wrong('not a list');
  return {
    mediaType,
    manifests: field.get('manifests').list().map(readDescriptor),
    annotations: field.get('annotations').stringMap(),
  };
}

function isKnown(mediaType: string): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

/** What plain file servers call everything. */
function isVague(mediaType: string): boolean {
  return ['', 'application/json', 'application/octet-stream', 'text/plain'].includes(mediaType);
}

function unsupported(mediaType: string): BerthError {
  return new BerthError('media-type-unsupported', `not a manifest of an image: ${quote(mediaType)}`, {
    hint: `known are ${[OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX].join(', ')}`,
  });
}
