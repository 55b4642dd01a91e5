/** A test image: what to put where. One folder each, named after the image. */
export interface Recipe {
  name: string;
  tags: string[];
  /** The recipe whose layers come below these. */
  from?: Recipe;
  layers: LayerRecipe[];
  config: Config;
  /** `docker` is pushed as Docker schema 2; `index` as an OCI index that names a second platform too. */
  format?: 'oci' | 'docker' | 'index';
}

/** The steps run in the order of these fields; what they changed becomes the layer. */
export interface LayerRecipe {
  /** Debian packages to install, with what they depend on. */
  packages?: string[];
  /** A directory to copy over the root. */
  files?: string;
  /** Shell, run on this machine with the root's path in $ROOT. */
  script?: string;
  /** gzip without it. */
  compression?: Compression;
}

export type Compression = 'gzip' | 'zstd' | 'none';

/** OCI image spec, config.md, "config". */
export interface Config {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
  StopSignal?: string;
  Labels?: Record<string, string>;
}
