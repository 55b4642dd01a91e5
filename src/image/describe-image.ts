import type { Digest } from './digest.ts';
import type { Healthcheck, ResolvedImage } from './image.ts';
import { parseImageDocument } from './manifest.ts';
import { formatPlatform } from './platform.ts';
import type { TopDocument } from './resolve-image.ts';

/** What manifest and config say of an image, for people and programs to read; sizes in bytes. */
export interface ImageDescription {
  /** Fully qualified. */
  name: string;
  /** Of the manifest of the platform. */
  digest: Digest;
  /** Of the index that led to it; null where the name stands for the manifest itself. */
  index: Digest | null;
  platform: string;
  /** All that the index has. */
  platforms: string[];
  mediaType: string;
  /** RFC 3339; null where the config does not say. */
  created: string | null;
  /** Of layers, as they are compressed, and config. */
  size: number;
  layers: { digest: Digest; mediaType: string; size: number }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
  env: string[];
  user: string;
  workingDir: string;
  ports: string[];
  volumes: string[];
  stopSignal: string | null;
  /** Times in seconds. */
  healthcheck: Healthcheck | null;
}

/** Describes an image that was found from its top document. */
export function describeImage(name: string, top: TopDocument, image: ResolvedImage): ImageDescription {
  const { descriptor, manifest, config } = image;
  const platform = formatPlatform(config);
  const isIndexed = top.descriptor.digest !== descriptor.digest;
  return {
    name,
    digest: descriptor.digest,
    index: isIndexed ? top.descriptor.digest : null,
    platform,
    platforms: isIndexed ? platformsOf(top) : [platform],
    mediaType: manifest.mediaType,
    created: config.created ?? null,
    size: manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size),
    layers: manifest.layers.map(({ digest, mediaType, size }) => ({ digest, mediaType, size })),
    labels: config.labels,
    annotations: manifest.annotations,
    entrypoint: config.entrypoint,
    cmd: config.cmd,
    env: config.env,
    user: config.user,
    workingDir: config.workingDir,
    ports: config.exposedPorts,
    volumes: config.volumes,
    stopSignal: config.stopSignal ?? null,
    healthcheck: config.healthcheck === undefined ? null : inSeconds(config.healthcheck),
  };
}

function inSeconds({ interval, timeout, startPeriod, ...rest }: Healthcheck): Healthcheck {
  const second = 1e9;
  return {
    ...rest,
    interval: interval / second,
    timeout: timeout / second,
    startPeriod: startPeriod / second,
  };
}

function platformsOf({ bytes, descriptor }: TopDocument): string[] {
  const document = parseImageDocument(bytes, descriptor.mediaType);
  const entries = document.kind === 'index' ? document.index.manifests : [];
  const named = entries.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)],
  );
  return [...new Set(named)];
}
