import { existsSync } from 'node:fs';
import { BerthError, isErrno, messageOf } from '../../errors.ts';
import { writeDurably } from '../../linux/durable.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { type Digest, parseDigest } from '../../reference/digest.ts';
import { quote } from '../../reference/quote.ts';
import { readRegularText } from '../../regular-file.ts';
import type { DeclaredService } from '../declared-service.ts';

/** Images as they are declared, and the digest of the manifest or index that each stood for. */
export type HostLock = ReadonlyMap<string, Digest>;

/** A lock as its file says it: the same for the same images, whatever their order. */
export function formatLock(lock: HostLock): string {
  const images = Object.fromEntries([...lock].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ version: 1, images }, null, 2)}\n`;
}

/** The lock in a file; undefined where there is none. Throws `host-lock-invalid`, `io`. */
export function readLock(file: string): HostLock | undefined {
  let text: string;
  try {
    text = readRegularText(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw fileSystemError(error, 'cannot read', file);
  }
  try {
    return parseLock(text);
  } catch (error) {
    throw new BerthError('host-lock-invalid', `not a lock: ${file}: ${messageOf(error)}`, {
      hint: `remove it and write it anew with berth lock: ${file}`,
      cause: error,
    });
  }
}

/** Writes a lock durably, unless it is there already; returns whether it was written. Throws `io`, `no-space`. */
export function writeLock(file: string, lock: HostLock): boolean {
  const text = formatLock(lock);
  try {
    if (existsSync(file) && readRegularText(file) === text) return false;
    writeDurably(file, text, 0o644);
    return true;
  } catch (error) {
    throw fileSystemError(error, 'cannot write', file);
  }
}

function parseLock(text: string): HostLock {
  const document: unknown = JSON.parse(text);
  if (!isObject(document) || document['version'] !== 1 || !isObject(document['images'])) {
    throw new TypeError('it is not {"version": 1, "images": {…}}');
  }
  return new Map(Object.entries(document['images']).map(([image, digest]) => [image, parseDigest(digest)]));
}

/**
 * The lock, if it has a digest for each image that is declared, and for no other: writing it again could only renew
 * digests. Throws `host-lock-outdated`.
 */
export function fittingLock(
  lock: HostLock | undefined,
  services: readonly DeclaredService[],
  file: string,
): HostLock {
  const refuse = (cause: string): never => {
    throw new BerthError('host-lock-outdated', `the lock does not fit what is declared: ${file}: ${cause}`, {
      hint: 'berth lock --keep',
    });
  };
  if (lock === undefined) return refuse('no such file');
  const missing = services.find(({ image }) => !lock.has(image));
  if (missing !== undefined) {
    const { image, position } = missing;
    return refuse(`it has no digest for ${quote(image)} (${position.file}:${position.line})`);
  }
  const surplus = [...lock.keys()].find((image) => !services.some((service) => service.image === image));
  return surplus === undefined ? lock : refuse(`nothing declares ${quote(surplus)} any more`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
