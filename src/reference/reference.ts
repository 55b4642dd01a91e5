import { BerthError, messageOf } from '../errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import { quote } from './quote.ts';

/** An image in a registry, named in full. */
export interface RegistryReference {
  kind: 'registry';
  /** `host` or `host:port`. */
  domain: string;
  /** The repository, without the domain. */
  path: string;
  /** Set whenever there is no digest. */
  tag: string | undefined;
  /** Where both are given, the digest is what is pulled and the tag is only a note. */
  digest: Digest | undefined;
}

/** A name without a registry, such as `etcd`: `resolveShortName` says where it is looked for. */
export interface ShortReference {
  kind: 'short';
  path: string;
  tag: string | undefined;
  digest: Digest | undefined;
}

/** What a person names an image in a registry by; `kind` tells the variants apart. */
export type Reference = RegistryReference | ShortReference;

// The grammar of the distribution project (reference.go), one constant per production.
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(
  `^(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`,
);
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

// A name (255), a tag (128) and the longest digest, with their separators.
const LONGEST_TEXT = 255 + 1 + 128 + 1 + 135;
const LONGEST_NAME = 255;

const OTHER_TRANSPORTS =
  /^(oci|oci-archive|docker-archive|docker-daemon|dir|dockertar|ostree|containers-storage):/;

/** True for what can stand behind the colon of a name. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Reads a name in a registry as the distribution project spells it, with or without `docker://`; see
 * `parseImageReference` for the other transports. Without tag and digest a full name gets the tag
 * `latest`. Throws `reference-invalid`, and `transport-unsupported` for another transport.
 */
export function parseReference(text: string): Reference {
  const transport = OTHER_TRANSPORTS.exec(text)?.[1];
  if (transport !== undefined) {
    throw new BerthError('transport-unsupported', `transport not supported: ${quote(text)}: ${transport}`, {
      hint: 'name an image in a registry here',
    });
  }
  const name = text.startsWith('docker://') ? text.slice('docker://'.length) : text;
  if (name.length > LONGEST_TEXT) throw invalid(text, 'it is too long');
  if (/^[a-z]+:\/\//i.test(name)) {
    throw invalid(text, 'a reference has no URL scheme', 'leave out everything up to "//"');
  }
  return parseName(name, text);
}

function parseName(name: string, text: string): Reference {
  const at = name.indexOf('@');
  const digest = at === -1 ? undefined : digestOf(name.slice(at + 1), text);
  const undigested = at === -1 ? name : name.slice(0, at);
  const { domain, rest } = splitDomain(undigested);
  const colon = rest.indexOf(':');
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  const path = colon === -1 ? rest : rest.slice(0, colon);

  if (tag !== undefined && !isTag(tag)) throw invalid(text, `not a tag: ${quote(tag)}`);
  if (!PATH.test(path)) throw invalidPath(text, path);
  if (domain === undefined) {
    if (/^[0-9a-f]{64}$/.test(path)) throw invalid(text, 'a bare image ID is not a name');
    if (path.length > LONGEST_NAME) throw tooLong(text);
    return { kind: 'short', path, tag, digest };
  }
  if (!DOMAIN.test(domain)) throw invalid(text, `not a registry's host: ${quote(domain)}`);
  return registryReference(domain, path, tag, digest, text);
}

function registryReference(
  domain: string,
  path: string,
  tag: string | undefined,
  digest: Digest | undefined,
  text: string,
): RegistryReference {
  const host = domain === 'index.docker.io' ? 'docker.io' : domain;
  // Only that registry keeps its own images in a namespace that people leave out.
  const full = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  // OCI distribution spec, "Pulling manifests": clients limit host, "/" and name together.
  if (host.length + 1 + full.length > LONGEST_NAME) throw tooLong(text);
  const tagOrDefault = tag ?? (digest === undefined ? 'latest' : undefined);
  return { kind: 'registry', domain: host, path: full, tag: tagOrDefault, digest };
}

/** The first component is a host when it cannot be one of a path, or is `localhost`. */
function splitDomain(name: string): { domain: string | undefined; rest: string } {
  const slash = name.indexOf('/');
  if (slash === -1) return { domain: undefined, rest: name };
  const first = name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  return isHost ? { domain: first, rest: name.slice(slash + 1) } : { domain: undefined, rest: name };
}

/**
 * The short name, looked up in one registry (a host, or a host and a namespace).
 * Throws `reference-invalid` when the two do not make a full name.
 */
export function qualify(short: ShortReference, registry: string): RegistryReference {
  const text = `${registry}/${formatReference(short)}`;
  const reference = parseReference(text);
  if (reference.kind !== 'registry') throw invalid(text, `not a registry's host: ${quote(registry)}`);
  return reference;
}

/** The canonical spelling: parsing it gives the same reference again. */
export function formatReference(reference: Reference): string {
  const name = reference.kind === 'registry' ? `${reference.domain}/${reference.path}` : reference.path;
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${name}${tag}${digest}`;
}

function digestOf(text: string, reference: string): Digest {
  try {
    return parseDigest(text);
  } catch (error) {
    throw new BerthError('reference-invalid', `not a reference: ${quote(reference)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function invalidPath(text: string, path: string): BerthError {
  if (path === '') return invalid(text, 'it names no image');
  return PATH.test(path.toLowerCase())
    ? invalid(text, 'upper case in the name', `write it as ${quote(path.toLowerCase())}`)
    : invalid(text, `not a repository name: ${quote(path)}`);
}

function tooLong(text: string): BerthError {
  return invalid(text, `the name has more than ${LONGEST_NAME} characters`);
}

function invalid(
  text: string,
  cause: string,
  hint = 'write it as [registry/]name[:tag][@digest]',
): BerthError {
  return new BerthError('reference-invalid', `not a reference: ${quote(text)}: ${cause}`, { hint });
}
