import { resolve } from 'node:path';
import { BerthError } from '../errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import { quote } from './quote.ts';
import { formatReference, parseReference, qualify, type Reference } from './reference.ts';

/** Which image of a place that may have several; both undefined: the only one. */
export interface Choice {
  name: string | undefined;
  /** From 0, for images without a name; only to read. */
  index: number | undefined;
}

/** An OCI image layout: a directory, or a tar archive of one. `name` is an annotation of its index.json. */
export interface LayoutReference extends Choice {
  kind: 'oci' | 'oci-archive';
  /** Absolute, as all paths here. */
  path: string;
}

/** What `docker save` writes. `name` is a full name with a tag, as Docker completes it: `docker.io/library/etcd:latest`. */
export interface DockerArchiveReference extends Choice {
  kind: 'docker-archive';
  path: string;
}

/** A directory with the manifest and the blobs of one image, as `skopeo copy` writes it. */
export interface DirectoryReference {
  kind: 'dir';
  path: string;
}

/** An image of the Docker daemon of this machine: a full name with tag or digest, or the image's ID. */
export interface DaemonReference {
  kind: 'docker-daemon';
  image: string;
}

/** A branch of an ostree repository, or the image that atomic(1) keeps in it under this name. */
export interface OstreeReference {
  kind: 'ostree';
  /** The repository. */
  path: string;
  ref: string;
}

/** An image wherever it is; `kind` tells the variants apart, the first two are of registries. */
export type ImageReference =
  | Reference
  | LayoutReference
  | DockerArchiveReference
  | DirectoryReference
  | DaemonReference
  | OstreeReference;

/** Where ostree keeps the repository of a system. */
const SYSTEM_REPOSITORY = '/ostree/repo';

// What containers/image takes as the name of an image in a layout.
const LAYOUT_NAME = /^[A-Za-z0-9]+(?:(?:[-._:@+/]|--)[A-Za-z0-9]+)*$/;
const OSTREE_REF = /^[A-Za-z0-9][\w.:/@+-]*$/;

/**
 * Reads a reference of any transport of containers-transports(5); without a transport it is one of a
 * registry. Relative paths are those of the working directory, and are absolute from then on. Throws
 * `reference-invalid`, and `transport-unsupported` for `containers-storage:`.
 */
export function parseImageReference(text: string): ImageReference {
  const [, transport, details = ''] = /^(?!docker:)([a-z-]+):(.*)$/s.exec(text) ?? [];
  switch (transport) {
    case 'oci':
    case 'oci-archive':
      return { kind: transport, ...splitChoice(details, text, layoutName) };
    case 'docker-archive':
      return { kind: transport, ...splitChoice(details, text, (name) => dockerName(name, text, 'tag')) };
    case 'dir':
      return { kind: transport, path: absolute(details, text) };
    case 'docker-daemon':
      return { kind: transport, image: daemonImage(details, text) };
    case 'ostree':
      return ostreeReference(details, text);
    case 'containers-storage':
      throw new BerthError('transport-unsupported', `transport not supported: ${quote(text)}: ${transport}`, {
        hint: `podman save --format oci-archive --output image.tar ${details || 'IMAGE'}; then name oci-archive:image.tar`,
      });
    default:
      refusePath(text);
      return parseReference(text);
  }
}

// Such as "/srv/etcd.tar" or "docker-achive:./etcd.tar": nothing in a registry is called that.
function refusePath(text: string): void {
  const [, transport, path] = /^([a-z-]+:)?(\.{0,2}\/(?!\/).*)$/s.exec(text) ?? [];
  if (path === undefined) return;
  throw invalid(
    text,
    transport === undefined ? 'a path without a transport' : `no such transport: ${quote(transport)}`,
    `write it as oci-archive:${path}, docker-archive:${path}, oci:${path} or dir:${path}`,
  );
}

/** The canonical spelling, which can be used again from any directory. */
export function formatImageReference(reference: ImageReference): string {
  switch (reference.kind) {
    case 'registry':
    case 'short':
      return formatReference(reference);
    case 'oci':
    case 'oci-archive':
    case 'docker-archive': {
      const { kind, path, name, index } = reference;
      const choice = index === undefined ? name : `@${index}`;
      return `${kind}:${path}${choice === undefined ? '' : `:${choice}`}`;
    }
    case 'dir':
      return `dir:${reference.path}`;
    case 'docker-daemon':
      return `docker-daemon:${reference.image}`;
    case 'ostree':
      return `ostree:${reference.path}:${reference.ref}`;
  }
}

/** True when a reference may mean the image of this name, spelled in full: a short one, whatever the registry. */
export function mayMean(reference: ImageReference, name: string): boolean {
  if (reference.kind !== 'short') return formatImageReference(reference) === name;
  const isVague = reference.tag === undefined && reference.digest === undefined;
  return name.endsWith(`/${formatReference(reference)}${isVague ? ':latest' : ''}`);
}

/** The file or directory that an image is in; undefined for one of a registry or of a daemon. */
export function placeOf(reference: ImageReference): string | undefined {
  switch (reference.kind) {
    case 'registry':
    case 'short':
    case 'docker-daemon':
      return undefined;
    default:
      return reference.path;
  }
}

/**
 * The same image by its digest, where its transport can name it so: what a tag stands for may change.
 * Elsewhere the reference as it is; the caller compares what comes.
 */
export function pinned(reference: ImageReference, digest: Digest): ImageReference {
  const isOfRegistry = reference.kind === 'registry' || reference.kind === 'short';
  return isOfRegistry ? { ...reference, digest } : reference;
}

function splitChoice(
  details: string,
  text: string,
  readName: (name: string, text: string) => string,
): Choice & { path: string } {
  const colon = details.indexOf(':');
  const path = absoluteBeforeColon(colon === -1 ? details : details.slice(0, colon), text);
  const choice = colon === -1 ? '' : details.slice(colon + 1);
  if (choice === '') return { path, name: undefined, index: undefined };
  if (!choice.startsWith('@')) return { path, name: readName(choice, text), index: undefined };
  if (!/^@[0-9]{1,6}$/.test(choice)) throw invalid(text, `not an index: ${quote(choice)}`, 'write it as @0');
  return { path, name: undefined, index: Number(choice.slice(1)) };
}

function layoutName(name: string, text: string): string {
  if (LAYOUT_NAME.test(name)) return name;
  throw invalid(
    text,
    `not the name of an image in a layout: ${quote(name)}`,
    'write it as oci:DIRECTORY[:NAME]',
  );
}

/** A name as Docker completes it, whatever registries.conf says: archives and daemons do not know that. */
function dockerName(name: string, text: string, by: 'tag' | 'tag or digest'): string {
  const parsed = parseReference(name);
  const full = parsed.kind === 'short' ? qualify(parsed, 'docker.io') : parsed;
  if (full.digest !== undefined && by === 'tag') {
    throw invalid(text, 'images have no digests there', 'name it by its tag, or by @0, @1 …');
  }
  return formatReference(full.digest === undefined ? full : { ...full, tag: undefined });
}

function daemonImage(details: string, text: string): string {
  return /^sha(256|512):/.test(details) ? parseDigest(details) : dockerName(details, text, 'tag or digest');
}

/** `REPOSITORY:IMAGE`, or `IMAGE[@/REPOSITORY]` as containers-transports(5) has it. */
function ostreeReference(details: string, text: string): OstreeReference {
  const isPath = /^[./]/.test(details);
  const [, first, second] = (isPath ? /^([^:]*):(.+)$/s : /^(.+?)(?:@(\/.*))?$/s).exec(details) ?? [];
  const [path, ref] = isPath ? [first, second] : [second ?? SYSTEM_REPOSITORY, first];
  if (path === undefined || ref === undefined || !OSTREE_REF.test(ref)) {
    throw invalid(text, 'it names no image in a repository', 'write it as ostree:/REPOSITORY:IMAGE');
  }
  return { kind: 'ostree', path: absoluteBeforeColon(path, text), ref };
}

// As containers/image has it: the first colon ends the path, so that a path cannot have one, and neither can
// the working directory that it begins with.
function absoluteBeforeColon(path: string, text: string): string {
  const full = absolute(path, text);
  if (!full.includes(':')) return full;
  throw invalid(text, `a path with a colon: ${quote(full)}`, 'give the directory another name, or a symlink');
}

function absolute(path: string, text: string): string {
  if (path === '') throw invalid(text, 'it has no path', 'write the path behind the colon');
  if (path.includes('\0')) throw invalid(text, 'a path with a NUL', 'leave it out');
  return resolve(path);
}

function invalid(text: string, cause: string, hint: string): BerthError {
  return new BerthError('reference-invalid', `not a reference: ${quote(text)}: ${cause}`, { hint });
}
