import { type DeclaredHost, type HostSource, readHost } from '../provision/read-host.ts';
import type { Context } from './context.ts';

/**
 * Reads what -f names: a file, all *.yaml of a directory, `-` for standard input; the host's own files where it is
 * not given. Warns of what may be missing in it. Throws as `readHost`.
 */
export async function readDeclared(file: string | undefined, context: Context): Promise<DeclaredHost> {
  const host = await readHost(await findSource(file, context), context);
  for (const line of host.doubts.lines) context.output.warn(line);
  return host;
}

async function findSource(file: string | undefined, { prompt }: Context): Promise<HostSource> {
  if (file === undefined) return 'host';
  return file === '-' ? { text: await prompt.readAllBytes() } : { path: file };
}
