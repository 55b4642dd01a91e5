import { DEFAULT_LIMITS, type Limits } from '../image/limits.ts';
import { endpointsOf } from '../reference/endpoints.ts';
import {
  type DaemonReference,
  formatImageReference,
  type ImageReference,
} from '../reference/image-reference.ts';
import { loadRegistries } from '../reference/load-registries.ts';
import type { Reference, RegistryReference } from '../reference/reference.ts';
import { resolveShortName } from '../reference/short-name.ts';
import { DockerArchiveImage } from './archive/docker-archive-image.ts';
import { daemonSocket, saveImage } from './daemon/save-image.ts';
import { DirectorySource } from './dir/directory-source.ts';
import { ArchiveFiles } from './files/archive-files.ts';
import { DirectoryFiles } from './files/directory-files.ts';
import type { ImageFiles } from './files/image-files.ts';
import { LateFiles } from './files/late-files.ts';
import { type KeptImage, KeptImageSource } from './kept-image-source.ts';
import { LayoutSource } from './layout/layout-source.ts';
import { OstreeImage } from './ostree/ostree-image.ts';
import { openAccess, type RegistryOptions } from './registry/access.ts';
import { RegistrySource } from './registry/registry-source.ts';
import { SearchSource } from './search-source.ts';
import type { ImageSource } from './source.ts';

/** What is needed to find any image. */
export type SourceOptions = RegistryOptions;

/**
 * Where the image of a reference comes from; nothing is sent or read yet. To be closed when done.
 * Throws `short-name-unresolved`, `registry-blocked`, `registries-conf-invalid`, `reference-invalid`.
 */
export function openSource(reference: ImageReference, options: SourceOptions): ImageSource {
  const { limits = DEFAULT_LIMITS } = options;
  const kept = (image: KeptImage) => new KeptImageSource(formatImageReference(reference), image);
  switch (reference.kind) {
    case 'registry':
    case 'short':
      return openRegistries(reference, options);
    case 'oci':
      return new LayoutSource(reference, directory(reference), limits);
    case 'oci-archive':
      return new LayoutSource(reference, archive(reference, limits), limits);
    case 'docker-archive':
      return kept(new DockerArchiveImage(reference, archive(reference, limits), limits));
    case 'dir':
      return new DirectorySource(reference, directory(reference), limits);
    case 'docker-daemon':
      return kept(daemonImage(reference, daemonSocket(options.env), limits));
    case 'ostree':
      return kept(new OstreeImage(reference, limits));
  }
}

/** The daemon gives an archive with one image. */
function daemonImage({ image }: DaemonReference, socket: string, limits: Limits): KeptImage {
  const only = { kind: 'docker-archive', path: socket, name: undefined, index: undefined } as const;
  const files = new LateFiles(socket, async (signal) =>
    ArchiveFiles.of(await saveImage(image, socket, { limits, signal }), socket, signal),
  );
  return new DockerArchiveImage(only, files, limits);
}

function directory({ path }: { path: string }): ImageFiles {
  return new LateFiles(path, () => DirectoryFiles.open(path));
}

function archive({ path }: { path: string }, limits: Limits): ImageFiles {
  return new LateFiles(path, (signal) => ArchiveFiles.open(path, limits, signal));
}

function openRegistries(reference: Reference, options: SourceOptions): ImageSource {
  const registries = loadRegistries(options.paths, options.env);
  const access = { ...options, credentialHelpers: registries.credentialHelpers };
  const open = (full: RegistryReference): ImageSource =>
    new RegistrySource(full, endpointsOf(full, options.registries, registries), openAccess(access));
  switch (reference.kind) {
    case 'registry':
      return open(reference);
    case 'short': {
      const [first, ...others] = resolveShortName(reference, options.registries, registries);
      return others.length === 0 ? open(first) : new SearchSource([open(first), ...others.map(open)]);
    }
  }
}
