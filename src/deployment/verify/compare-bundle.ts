import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno, messageOf } from '../../errors.ts';
import { digestOf } from '../../image/descriptor.ts';
import { writeDurably } from '../../linux/durable.ts';
import { readBlob } from '../../store/blob.ts';
import { type ContentCheck, UNREADABLE } from '../../store/content-check.ts';
import type { Store } from '../../store/store.ts';
import { listBundle } from '../bundle.ts';
import type { BundleFile } from '../record.ts';

/** The files beside a checkout, such as config.json, and what they must be. */
export interface BundleComparison {
  directory: string;
  bundle: BundleFile[];
  content: ContentCheck;
  store: Store;
  mend: boolean;
  report(path: string, what: string): void;
}

/** Compares a deployment's own files with their record, and mends them from the copies in the store. */
export function compareBundle({ directory, bundle, content, store, mend, report }: BundleComparison): void {
  const top = lstatSync(directory);
  // The checkout holds setuid files, old and vulnerable ones included.
  if (top.uid !== 0 || (top.mode & 0o077) !== 0) {
    report(directory, 'is open to others');
    if (mend) {
      chownSync(directory, 0, 0);
      chmodSync(directory, 0o700);
    }
  }
  const extra = new Set(listBundle(directory));
  for (const file of bundle) {
    extra.delete(file.path);
    const path = join(directory, file.path);
    const what = compare(path, file);
    if (what !== undefined) report(path, what);
    const whole = content.blob(file.digest);
    if (what !== undefined && mend && whole) putBack(path, readBlob(store, file.digest), file.mode);
  }
  for (const path of extra) {
    report(join(directory, path), 'extra');
    if (mend) rmSync(join(directory, path), { force: true });
  }
}

function compare(path: string, { digest, mode }: BundleFile): string | undefined {
  try {
    const stat = lstatSync(path);
    if (!stat.isFile()) return 'not a regular file';
    if (digestOf(readFileSync(path)) !== digest) return 'changed content';
    if ((stat.mode & 0o7777) !== mode) return 'changed mode';
    return stat.uid === 0 && stat.gid === 0 ? undefined : 'changed owner';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    if (isErrno(error, ...UNREADABLE)) return messageOf(error);
    throw error;
  }
}

function putBack(path: string, bytes: Buffer, mode: number): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) rmSync(path, { recursive: true });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeDurably(path, bytes, mode);
}
