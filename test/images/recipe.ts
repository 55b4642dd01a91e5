/** A test image: what to put where. */
export interface Recipe {
  name: string;
  /** Without a tag, an image is only there for others to be made from. */
  tags: string[];
  /** `import.meta.dirname`: the image is built anew when anything in this folder changes. */
  folder: string;
  /** The recipe whose layers come below these. */
  from?: Recipe;
  layers: LayerRecipe[];
  config: Config;
  /** `docker` is pushed as Docker schema 2; `index` as an OCI index that names a second platform too. */
  format?: 'oci' | 'docker' | 'index';
  /** Says what this machine lacks for building the image; undefined when it has all of it. */
  missing?: () => Promise<string | undefined>;
}

/** The steps run in the order of these fields; what they changed becomes the layer. */
export interface LayerRecipe {
  /** Begin with the smallest root file system that packages can be installed in. */
  bootstrap?: true;
  /** Debian packages to install, with what they depend on: in a recipe `from` one that bootstraps. */
  packages?: string[];
  /** A directory to copy over the root. */
  files?: string;
  /** Shell, run on this machine with the root's path in $ROOT, the recipe's in $FOLDER. */
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
  /** Docker's image format; times in nanoseconds. */
  Healthcheck?: {
    Test: string[];
    Interval?: number;
    Timeout?: number;
    StartPeriod?: number;
    Retries?: number;
  };
}
