import { join } from 'node:path';
import type { ErrorCode } from '../errors.ts';
import { findPackageDirectory } from '../runtime/package-directory.ts';

/** Lines of the longest entry of the page. */
const ENTRY = 16;

/** The command that shows what the documentation says about such an error; where it is not there, `berth doctor`. */
export function showErrorEntry(code: ErrorCode): string {
  const docs = findPackageDirectory('docs', 'troubleshooting.md');
  return docs === undefined
    ? 'berth doctor'
    : `grep --after-context=${ENTRY} '^### .${code}' ${join(docs, 'troubleshooting.md')}`;
}
