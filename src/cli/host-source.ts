import type { HostSource } from '../provision/read-host.ts';
import type { Context } from './context.ts';

/** What -f names: a file, all *.yaml of a directory, `-` for standard input; the host's own files where it is not given. */
export async function hostSource(file: string | undefined, { prompt }: Context): Promise<HostSource> {
  if (file === undefined) return 'host';
  return file === '-' ? { text: await prompt.readAllBytes() } : { path: file };
}
