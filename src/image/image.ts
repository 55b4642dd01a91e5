import type { Digest } from './digest.ts';

/** OCI image spec, descriptor.md: what names content. `size` is in bytes. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  platform?: Platform;
  annotations?: Record<string, string>;
}

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** A manifest of one platform, OCI or Docker schema 2; checked by `parseManifest`. */
export interface ImageManifest {
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations: Record<string, string>;
}

export interface Healthcheck {
  /** As in the image: `["CMD", …]`, `["CMD-SHELL", text]` or `["NONE"]`. */
  test: string[];
  /** Nanoseconds, as in the image; 0 where it does not say. */
  interval: number;
  timeout: number;
  startPeriod: number;
  retries: number;
}

/** OCI image spec, config.md, the parts that berth uses; checked by `parseImageConfig`. */
export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string;
  /** RFC 3339, as the image has it. */
  created?: string;
  diffIds: Digest[];
  user: string;
  env: string[];
  entrypoint: string[];
  cmd: string[];
  workingDir: string;
  /** Container paths, sorted. */
  volumes: string[];
  /** `80/tcp`, sorted. */
  exposedPorts: string[];
  stopSignal?: string;
  healthcheck?: Healthcheck;
  labels: Record<string, string>;
}

/** One image, of one platform, as a transport found it: verified bytes and what they say. */
export interface ResolvedImage {
  /** Of the platform's manifest, not of the index that led to it. */
  descriptor: Descriptor;
  manifestBytes: Buffer;
  manifest: ImageManifest;
  configBytes: Buffer;
  config: ImageConfig;
}
