import { join } from 'node:path';
import { type ErrorCode, exitStatus } from '../errors.ts';
import { findPackageDirectory } from '../runtime/package-directory.ts';
import { commandLine } from './command-line.ts';

/** Lines of the longest entry of the page. */
const ENTRY = 16;

/**
 * What leads out of an error that does not say it itself: help about `command`, the same command line again, or the
 * entry of the error in the documentation, with its commands.
 */
export function defaultHint(code: ErrorCode, command: string, args: readonly string[]): string {
  if (exitStatus(code) === 2) return `${command} --help`;
  if (code === 'interrupted') return commandLine(args);
  const docs = findPackageDirectory('docs', 'troubleshooting.md');
  return docs === undefined
    ? 'berth doctor'
    : `grep --after-context=${ENTRY} '^### .${code}' ${join(docs, 'troubleshooting.md')}`;
}
