import { statSync } from 'node:fs';
import { isPipe, readGivenFile } from '../given-file.ts';
import { fileSystemError } from '../linux/file-system.ts';
import { anybodyMayWrite } from '../provision/host-file/read-text.ts';
import { type DeclaredHost, type HostSource, readHost } from '../provision/read-host.ts';
import type { Context } from './context.ts';

/**
 * Reads what -f names: a file, a pipe, all *.yaml of a directory, `-` for standard input; the host's own files where it
 * is not given. Warns of what may be missing in it. Throws as `readHost`, and `interrupted`.
 */
export async function readDeclared(file: string | undefined, context: Context): Promise<DeclaredHost> {
  const host = await readHost(await findSource(file, context), context);
  for (const line of host.doubts.lines) context.output.warn(line);
  return host;
}

async function findSource(file: string | undefined, { prompt, signal }: Context): Promise<HostSource> {
  if (file === undefined) return 'host';
  if (file === '-') return { text: await prompt.readAll(signal) };
  if (!isPipe(file) || anybodyMayWrite(statSync(file))) return { path: file };
  try {
    return { text: await readGivenFile(file, signal), file: `the pipe ${file}` };
  } catch (error) {
    throw fileSystemError(error, 'cannot read', file);
  }
}
