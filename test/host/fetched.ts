import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { cacheDirectory } from '../images/cache.ts';

/** A directory in the cache, or why this machine cannot fill it. */
export type Fetched = { directory: string; lack?: never } | { directory?: never; lack: string };

/**
 * Fetches Debian packages that this machine lacks, with what they depend on, once: for throwaway hosts to install.
 * This machine stays without them.
 */
export async function fetchPackages(...packages: string[]): Promise<Fetched> {
  return await fetchOnce(
    packages[0] ?? '',
    `mkdir partial
     apt-get install --download-only --yes --quiet --no-install-recommends -o Debug::NoLocking=true \\
       -o APT::Sandbox::User=root -o Dir::Cache::archives="$PWD" ${packages.join(' ')}
     rmdir partial; rm -f lock`,
  );
}

/**
 * Fetches once what a shell script puts into its working directory; with another script or other `ingredients`, anew.
 */
export async function fetchOnce(name: string, script: string, ingredients = ''): Promise<Fetched> {
  const key = createHash('sha256').update(script).update(ingredients).digest('hex').slice(0, 12);
  const directory = join(cacheDirectory(), `${name}-${key}`);
  if (existsSync(directory)) return { directory };
  // What is interrupted here, the build of the test images removes.
  const unfinished = `${await mkdtemp(`${directory}-`)}.unfinished`;
  await rename(unfinished.slice(0, -'.unfinished'.length), unfinished);
  try {
    await execa('bash', ['-euo', 'pipefail', '-c', script], { cwd: unfinished, stdin: 'ignore' });
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true });
    if (existsSync(directory)) return { directory };
    if (!(error instanceof ExecaError)) throw error;
    return { lack: `not to be had: ${name}: ${error.stderr || error.message}` };
  }
  return { directory };
}
